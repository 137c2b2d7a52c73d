import { concatenate, type Bytes } from "../bytes.ts";
import { LARGEST_COUNTER } from "../keys/counters.ts";
import { parseKid, type Context } from "../keys/kid.ts";
import type { EpochMissing, KeyRing } from "../keys/ring.ts";
import type { Member } from "../member.ts";
import { open } from "../sframe/ciphertext.ts";
import { parseHeader } from "../sframe/header.ts";
import { clearSize, type Codec } from "./clear.ts";

/** Whose frames a slot plays, as the appliance has announced it. */
export interface Announced {
  readonly participantId: string;
  readonly context: Context;
}

/** Why a frame is not played. */
export type Refusal = EpochMissing | "malformed" | "not-a-member" | "wrong-source" | "replayed" | "forged";

export type Opening =
  | { readonly refused: Refusal }
  /** member and context: who sent what, told by the frame and not by the appliance. */
  | { readonly refused?: never; readonly frame: Bytes; readonly member: Member; readonly context: Context };

/** Checks and decrypts one frame that came through a slot. */
export async function openFrame(
  ring: KeyRing,
  announced: Announced,
  codec: Codec,
  frame: Bytes,
  nowMs: number,
): Promise<Opening> {
  const size = clearSize(codec, frame);
  if (size === undefined) return { refused: "malformed" };
  const clear = frame.subarray(0, size);
  const ciphertext = frame.subarray(size);
  const header = parseHeader(ciphertext);
  if (header === undefined || header.counter > BigInt(LARGEST_COUNTER)) return { refused: "malformed" };
  const kid = parseKid(header.kid);
  if (kid === undefined) return { refused: "malformed" };
  const epoch = ring.receiving(kid.epochBits, nowMs);
  if (typeof epoch === "string") return { refused: epoch };
  const member = epoch.members.get(kid.leaf);
  if (member === undefined || !isPresent(ring, member)) return { refused: "not-a-member" };
  if (member.participantId !== announced.participantId || kid.context !== announced.context) {
    return { refused: "wrong-source" };
  }
  const counter = Number(header.counter);
  const window = epoch.windowOf(header.kid);
  if (!window.isNew(counter)) return { refused: "replayed" };
  const plaintext = await open(await epoch.keyOf(header.kid), header, clear, ciphertext).catch(() => undefined);
  if (plaintext === undefined) return { refused: "forged" };
  // Only now: a forged frame must not use up the counter of a real one. Another copy may have come meanwhile.
  if (!window.take(counter)) return { refused: "replayed" };
  return { frame: concatenate(clear, plaintext), member, context: kid.context };
}

/** Whether a member of an old epoch is still in the group: who was removed is not heard for another moment. */
function isPresent(ring: KeyRing, member: Member): boolean {
  return ring.members.get(member.leaf)?.participantId === member.participantId;
}
