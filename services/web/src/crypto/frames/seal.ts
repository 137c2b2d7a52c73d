import { concatenate, type Bytes } from "../bytes.ts";
import { seal } from "../sframe/ciphertext.ts";
import type { Context } from "../keys/kid.ts";
import type { KeyRing } from "../keys/ring.ts";
import { clearSize, type Codec } from "./clear.ts";

/** A frame that must not be sent: it would go out readable or under no key. */
export type Unsendable = "no-key" | "malformed";

/**
 * Protects one encoded frame of the client's own source: its clear bytes, then an SFrame ciphertext that
 * authenticates them too.
 */
export async function sealFrame(
  ring: KeyRing,
  context: Context,
  codec: Codec,
  frame: Bytes,
  nowMs: number,
): Promise<Bytes | Unsendable> {
  const epoch = ring.sending(nowMs);
  if (epoch === undefined) return "no-key";
  const size = clearSize(codec, frame);
  if (size === undefined) return "malformed";
  const kid = epoch.ownKid(context);
  // Taken before anything waits: frames of several layers are under way at once.
  const counter = epoch.counters.take(kid);
  const clear = frame.subarray(0, size);
  return concatenate(clear, await seal(await epoch.keyOf(kid), BigInt(counter), clear, frame.subarray(size)));
}
