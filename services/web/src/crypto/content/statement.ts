import { bigEndian, concatenate, utf8, type Bytes } from "../bytes.ts";
import { sha256 } from "../digest.ts";
import { Context } from "../keys/kid.ts";
import type { Place } from "./envelope.ts";

/** Where an object is in what its author has sealed: no two objects have the same. */
export interface Origin extends Place {
  readonly leaf: number;
  readonly counter: bigint;
}

/** What the author signs: whom it is for, and the object. */
export interface Statement {
  /** Participant id; empty for everybody. */
  readonly recipientId: string;
  /** A serialised ContentObject. */
  readonly object: Bytes;
}

export const SIGNATURE_SIZE = 64;

export function encodeStatement({ recipientId, object }: Statement): Bytes {
  const recipient = utf8(recipientId);
  return concatenate(Uint8Array.of(recipient.length), recipient, object);
}

export function parseStatement(plaintext: Bytes): Statement | undefined {
  const size = plaintext[0];
  if (size === undefined || plaintext.length < 1 + size) return undefined;
  const recipientId = new TextDecoder().decode(plaintext.subarray(1, 1 + size));
  return { recipientId, object: plaintext.slice(1 + size) };
}

/**
 * The bytes that the leaf's key signs. kind: the number of the object's kind. No message of MLS begins like them
 * (RFC 9420 section 5.1.2), so that one signature never stands for the other.
 */
export async function signedBytes(origin: Origin, kind: number, plaintext: Bytes): Promise<Bytes> {
  const digest = await sha256(plaintext);
  return concatenate(utf8("conclave content v1\0"), originBytes(origin), bigEndian(BigInt(kind), 4), digest);
}

/** Group, epoch, leaf, context and counter. */
export function originBytes({ groupId, epoch, leaf, counter }: Origin): Bytes {
  const numbers = [
    bigEndian(epoch, 8),
    bigEndian(BigInt(leaf), 4),
    bigEndian(BigInt(Context.CONTENT), 1),
    bigEndian(counter, 8),
  ];
  return concatenate(Uint8Array.of(groupId.length), groupId, ...numbers);
}
