// Times the client's own frame code in a browser's worker, frame by frame, beside WebCrypto's AES-GCM alone.
import { Context } from "../../services/web/src/crypto/keys/kid.ts";
import { SentFrames, SlotFrames, type EncodedFrame } from "../../services/web/src/crypto/worker/frames.ts";
import { ringAt } from "../../services/web/test/crypto/epochs.ts";

interface Wish {
  /** Bytes of a frame. */
  readonly size: number;
  readonly mimeType: string;
  readonly frames: number;
}

const PEOPLE = { 0: "anna", 1: "ben" };

/** Microseconds that each frame took. */
interface Times {
  readonly encrypt: number[];
  readonly decrypt: number[];
  readonly cipherAlone: number[];
}

addEventListener("message", async ({ data }: MessageEvent<Wish>) => postMessage(await measure(data)));

async function measure({ size, mimeType, frames }: Wish): Promise<Times> {
  const [anna, ben] = await Promise.all([ringAt(1n, 0, PEOPLE), ringAt(1n, 1, PEOPLE)]);
  const sent = new SentFrames(Context.CAMERA, () => anna, () => undefined);
  const slot = new SlotFrames(() => ({ participantId: "anna", context: Context.CAMERA }), () => ben, () => undefined);
  const times: Times = { encrypt: [], decrypt: [], cipherAlone: [] };
  const key = await crypto.subtle.importKey("raw", new Uint8Array(32), "AES-GCM", false, ["encrypt"]);
  for (let number = -20; number < frames; number++) {
    const bytes = crypto.getRandomValues(new Uint8Array(size));
    bytes[0] = 0x31; // A delta frame of VP8.
    const frame: EncodedFrame = { data: bytes.buffer, getMetadata: () => ({ mimeType }) };
    const encrypted = await timed(() => sent.take(frame, performance.now()));
    const decrypted = await timed(() => slot.take(frame, performance.now()));
    const alone = await timed(async () => {
      await crypto.subtle.encrypt({ name: "AES-GCM", iv: crypto.getRandomValues(new Uint8Array(12)) }, key, bytes);
      return true;
    });
    // The first ones meet code that was not compiled yet.
    if (number < 0) continue;
    times.encrypt.push(encrypted);
    times.decrypt.push(decrypted);
    times.cipherAlone.push(alone);
  }
  return times;
}

async function timed(work: () => Promise<boolean>): Promise<number> {
  const begin = performance.now();
  if (!(await work())) throw new Error("a frame was stopped");
  return 1000 * (performance.now() - begin);
}
