import type { Relay } from "../gen/conclave/v1/signalling_pb.js";
import { iceServersOf, type Place } from "../media/relay.ts";
import { expect } from "../protocol/answers.ts";
import type { Request } from "../protocol/connection.ts";
import type { Clock } from "../protocol/ports.ts";

const SHORTEST_RETRY_MS = 30_000;

/** Keeps credentials of the relay that hold at any time, so that ICE can use it whenever the network changes. */
export class RelayAccess {
  readonly #request: Request;
  readonly #clock: Clock;
  readonly #place: () => Place;
  readonly #changed: (servers: RTCIceServer[]) => void;
  #cancelRenewal: () => void = () => undefined;
  #closed = false;

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
    const lifetimeMs = relay.lifetimeS * 1000;
    // Half of their life is left to try again in.
    this.#renewAfter(lifetimeMs / 2, Math.max(SHORTEST_RETRY_MS, lifetimeMs / 8));
  }

  close(): void {
    this.#closed = true;
    this.#cancelRenewal();
  }

  #renewAfter(ms: number, retryMs: number): void {
    this.#cancelRenewal();
    this.#cancelRenewal = this.#clock.after(ms, () => void this.#renew(retryMs));
  }

  async #renew(retryMs: number): Promise<void> {
    const relay = await this.#grant();
    if (this.#closed) return;
    if (relay === undefined) this.#renewAfter(retryMs, retryMs);
    else this.entered(relay);
  }

  /** New credentials, or undefined without a connection: whoever comes back is told of the relay again. */
  async #grant(): Promise<Relay | undefined> {
    try {
      return expect(await this.#request({ case: "renewRelay", value: {} }), "relay").value;
    } catch {
      return undefined;
    }
  }
}
