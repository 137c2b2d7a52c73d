import type { Bytes } from "../bytes.ts";
import type { Codec } from "../frames/clear.ts";
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
  readonly #changed: (tally: Tally) => void;

  /** changed: called when frames begin to pass, or to be stopped for another reason. */
  constructor(changed: (tally: Tally) => void) {
    this.#changed = changed;
  }

  /** Protects or opens a frame in place. Returns whether it may go on. Never rejects: the stream would end with it. */
  async take(frame: EncodedFrame, nowMs: number): Promise<boolean> {
    const first = this.tally.passed + this.tally.stopped === 0;
    const before = this.tally.why;
    this.tally.why = await this.#work(frame, nowMs);
    if (this.tally.why === undefined) this.tally.passed++;
    else this.tally.stopped++;
    if (first || this.tally.why !== before) this.#changed(this.tally);
    return this.tally.why === undefined;
  }

  async #work(frame: EncodedFrame, nowMs: number): Promise<Stop | undefined> {
    const codec = CODECS.get((frame.getMetadata().mimeType ?? "").toLowerCase());
    if (codec === undefined) return "unknown-codec";
    try {
      const result = await this.work(codec, new Uint8Array(frame.data), nowMs);
      if (typeof result === "string") return result;
      frame.data = result.buffer;
      return undefined;
    } catch {
      // Such as counters that are used up: nothing goes out, and the tile says so.
      return "failed";
    }
  }

  protected abstract work(codec: Codec, frame: Bytes, nowMs: number): Promise<Bytes | Stop>;
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

  constructor(context: Context, ring: () => KeyRing | undefined, changed: (tally: Tally) => void) {
    super(changed);
    this.#context = context;
    this.#ring = ring;
  }

  protected override async work(codec: Codec, frame: Bytes, nowMs: number): Promise<Bytes | Stop> {
    const ring = this.#ring();
    return ring === undefined ? "no-key" : await sealFrame(ring, this.#context, codec, frame, nowMs);
  }
}

/** The frames that come through one slot. */
export class SlotFrames extends Frames {
  readonly #announced: () => Announced | undefined;
  readonly #ring: () => KeyRing | undefined;

  constructor(
    announced: () => Announced | undefined,
    ring: () => KeyRing | undefined,
    changed: (tally: Tally) => void,
  ) {
    super(changed);
    this.#announced = announced;
    this.#ring = ring;
  }

  protected override async work(codec: Codec, frame: Bytes, nowMs: number): Promise<Bytes | Stop> {
    const ring = this.#ring();
    const announced = this.#announced();
    if (ring === undefined) return "no-key";
    if (announced === undefined) return "wrong-source";
    const opened = await openFrame(ring, announced, codec, frame, nowMs);
    return opened.refused ?? opened.frame;
  }
}
