import type { Relay } from "../gen/conclave/v1/signalling_pb.js";
import { iceServersOf, type Place } from "../media/relay.ts";
import { expect } from "../protocol/answers.ts";
import type { Request } from "../protocol/connection.ts";
import type { Clock } from "../protocol/ports.ts";

/** Keeps credentials of the relay that hold at any time, so that ICE can use it whenever the network changes. */
export class RelayAccess {
  readonly #request: Request;
  readonly #clock: Clock;
  readonly #place: () => Place;
  readonly #changed: (servers: RTCIceServer[]) => void;
  #cancelRenewal: () => void = () => undefined;

  constructor(request: Request, clock: Clock, place: () => Place, changed: (servers: RTCIceServer[]) => void) {
    this.#request = request;
    this.#clock = clock;
    this.#place = place;
    this.#changed = changed;
  }

  /** The person is in the meeting, or in it again; relay: undefined on an appliance without one. */
  entered(relay: Relay | undefined): void {
    this.#cancelRenewal();
    if (relay === undefined) return this.#changed([]);
    this.#changed(iceServersOf(relay, this.#place()));
    // Half of their life is left to try again in.
    this.#renewAfter(relay.lifetimeS * 500);
  }

  close(): void {
    this.#cancelRenewal();
  }

  #renewAfter(ms: number): void {
    this.#cancelRenewal = this.#clock.after(ms, () => void this.#renew(ms));
  }

  async #renew(ms: number): Promise<void> {
    try {
      this.entered(expect(await this.#request({ case: "renewRelay", value: {} }), "relay").value);
    } catch {
      // Without a connection; whoever comes back is told of the relay again.
      this.#renewAfter(ms / 4);
    }
  }
}
