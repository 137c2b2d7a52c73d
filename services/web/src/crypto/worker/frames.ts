import type { Bytes } from "../bytes.ts";
import type { Codec } from "../frames/clear.ts";
import { ComingEpoch, type FrameClock } from "../frames/coming.ts";
import { openFrame, type Announced, type Refusal } from "../frames/open.ts";
import { sealFrame, type Unsendable } from "../frames/seal.ts";
import type { Context } from "../keys/kid.ts";
import type { KeyRing } from "../keys/ring.ts";

/** What an encoded transform gives (W3C webrtc-encoded-transform), as far as it is used here. */
export interface EncodedFrame {
  data: ArrayBuffer;
  getMetadata(): { readonly mimeType?: string };
}

/** Why a frame goes no further. */
export type Stop = Refusal | Unsendable | "unknown-codec" | "failed";

/** What became of the frames of one sender or slot. */
export interface Tally {
  passed: number;
  stopped: number;
  /** Of the last frame; undefined if it passed. */
  why: Stop | undefined;
}

/** Works on the frames of one sender or slot, one after another. */
export abstract class Frames {
  readonly tally: Tally = { passed: 0, stopped: 0, why: undefined };
  protected readonly clock: FrameClock;
  readonly #changed: (tally: Tally) => void;

  /** changed: called when frames begin to pass, or to be stopped for another reason. */
  constructor(clock: FrameClock, changed: (tally: Tally) => void) {
    this.clock = clock;
    this.#changed = changed;
  }

  /** Protects or opens a frame in place. Returns whether it may go on. Never rejects: the stream would end with it. */
  async take(frame: EncodedFrame): Promise<boolean> {
    const first = this.tally.passed + this.tally.stopped === 0;
    const before = this.tally.why;
    this.tally.why = await this.#work(frame);
    if (this.tally.why === undefined) this.tally.passed++;
    else this.tally.stopped++;
    if (first || this.tally.why !== before) this.#changed(this.tally);
    return this.tally.why === undefined;
  }

  async #work(frame: EncodedFrame): Promise<Stop | undefined> {
    const codec = CODECS.get((frame.getMetadata().mimeType ?? "").toLowerCase());
    if (codec === undefined) return "unknown-codec";
    try {
      const result = await this.work(codec, new Uint8Array(frame.data));
      if (typeof result === "string") return result;
      frame.data = result.buffer;
      return undefined;
    } catch {
      // Such as counters that are used up: nothing goes out, and the tile says so.
      return "failed";
    }
  }

  protected abstract work(codec: Codec, frame: Bytes): Promise<Bytes | Stop>;
}

/** Browsers' packetizers change the bytes of other codecs. */
const CODECS: ReadonlyMap<string, Codec> = new Map([
  ["audio/opus", "opus"],
  ["video/vp8", "vp8"],
  ["video/vp9", "vp9"],
]);

/** The frames that this client sends of one source, all of its layers. */
export class SentFrames extends Frames {
  readonly #context: Context;
  readonly #ring: () => KeyRing | undefined;

  constructor(
    context: Context,
    ring: () => KeyRing | undefined,
    clock: FrameClock,
    changed: (tally: Tally) => void,
  ) {
    super(clock, changed);
    this.#context = context;
    this.#ring = ring;
  }

  protected override async work(codec: Codec, frame: Bytes): Promise<Bytes | Stop> {
    const ring = this.#ring();
    return ring === undefined ? "no-key" : await sealFrame(ring, this.#context, codec, frame, this.clock.nowMs());
  }
}

/** The frames that come through one slot. */
export class SlotFrames extends Frames {
  readonly #announced: () => Announced | undefined;
  readonly #ring: () => KeyRing | undefined;
  readonly #coming: ComingEpoch;

  constructor(
    announced: () => Announced | undefined,
    ring: () => KeyRing | undefined,
    clock: FrameClock,
    changed: (tally: Tally) => void,
  ) {
    super(clock, changed);
    this.#announced = announced;
    this.#ring = ring;
    this.#coming = new ComingEpoch(clock);
  }

  protected override async work(codec: Codec, frame: Bytes): Promise<Bytes | Stop> {
    const sinceMs = this.clock.nowMs();
    for (;;) {
      const ring = this.#ring();
      const newest = ring?.newest;
      if (ring === undefined || newest === undefined) return "no-key";
      const opened = await this.#open(ring, codec, frame);
      if (opened !== "future-epoch" || !(await this.#coming.comesAfter(newest, ring, sinceMs))) return opened;
    }
  }

  async #open(ring: KeyRing, codec: Codec, frame: Bytes): Promise<Bytes | Stop> {
    const announced = this.#announced();
    if (announced === undefined) return "wrong-source";
    const opened = await openFrame(ring, announced, codec, frame, this.clock.nowMs());
    return opened.refused ?? opened.frame;
  }
}
