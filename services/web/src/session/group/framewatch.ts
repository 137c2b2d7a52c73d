import { effect, signal, type ReadonlySignal } from "@preact/signals";

import type { Announced } from "../../crypto/frames/open.ts";
import type { CryptoClient } from "../../crypto/worker/client.ts";
import type { Stop } from "../../crypto/worker/frames.ts";
import type { FramesChanged } from "../../crypto/worker/session.ts";
import type { SourceKind } from "../../gen/conclave/v1/meetings_pb.js";
import type { FrameGuard } from "../../media/frameguard.ts";
import type { Peer } from "../../media/peer.ts";
import type { Roster } from "../../protocol/roster.ts";
import { announcedBy, contextOf } from "./slots.ts";

/**
 * Ties the slots of a connection to the worker: tells it whose frames each of them shall play, and knows of each why it
 * plays nothing.
 */
export class FrameWatch {
  /** Why the last frame of a slot was not played, by mid; those that play, or have had no frame, are missing. */
  readonly stopped = signal<ReadonlyMap<string, Stop>>(new Map());

  readonly #peer: ReadonlySignal<Peer | undefined>;
  readonly #roster: ReadonlySignal<Roster | undefined>;
  readonly #announced = new Map<string, Announced>();
  readonly #why = new Map<string, Stop | undefined>();
  #client: CryptoClient | undefined;
  #connection = 0;
  readonly #stop: () => void;

  constructor(peer: ReadonlySignal<Peer | undefined>, roster: ReadonlySignal<Roster | undefined>) {
    this.#peer = peer;
    this.#roster = roster;
    this.#stop = effect(() => this.#announce());
  }

  /** What puts the frames of one new connection under this worker. */
  guard(client: CryptoClient): FrameGuard {
    this.#connection += 1;
    this.#client = client;
    this.#announced.clear();
    this.#why.clear();
    this.#publish();
    return {
      sends: (sender: RTCRtpSender, kind: SourceKind) =>
        client.transform(sender, { direction: "sent", context: contextOf(kind) }),
      receives: (receiver: RTCRtpReceiver, slot: number) =>
        client.transform(receiver, { direction: "received", mid: this.#nameOf(slot) }),
    };
  }

  /** The worker has told what becomes of frames. */
  changed({ direction, of, tally }: FramesChanged): void {
    if (direction !== "received") return;
    this.#why.set(of, tally.why);
    this.#publish();
  }

  close(): void {
    this.#stop();
  }

  /** The worker's name of a slot. Its mid is not known yet when the transform is set, and comes again later. */
  #nameOf(slot: number): string {
    return `${this.#connection}/${slot}`;
  }

  #announce(): void {
    const roster = this.#roster.value;
    const peer = this.#peer.value;
    if (roster === undefined || peer === undefined || this.#client === undefined) return;
    const now = announcedBy(roster);
    for (const [slot, mid] of peer.slotMids.entries()) {
      const name = this.#nameOf(slot);
      const source = mid === "" ? undefined : now.get(mid);
      const told = this.#announced.get(name);
      if (source?.participantId === told?.participantId && source?.context === told?.context) continue;
      if (source === undefined) this.#announced.delete(name);
      else this.#announced.set(name, source);
      this.#why.delete(name);
      // A worker that has ended is replaced, and all is announced to the next.
      this.#client.ask("announce", name, source).catch(() => undefined);
    }
    this.#publish();
  }

  #publish(): void {
    const stopped = new Map<string, Stop>();
    for (const [slot, mid] of (this.#peer.peek()?.slotMids ?? []).entries()) {
      const why = this.#why.get(this.#nameOf(slot));
      if (mid !== "" && why !== undefined) stopped.set(mid, why);
    }
    const before = this.stopped.peek();
    const same = before.size === stopped.size && [...stopped].every(([mid, why]) => before.get(mid) === why);
    if (!same) this.stopped.value = stopped;
  }
}
