import { bigEndian, concatenate, utf8, type Bytes } from "../bytes.ts";
import type { ContentKeys } from "../mls/contentkeys.ts";
import { SUITE } from "../mls/suite.ts";
import { originBytes, type Origin } from "./statement.ts";

/**
 * A private object, sealed by HPKE (RFC 9180, base mode, the group's suite) to the one it is for and to its author, who
 * reads it again after coming back. Who it is from is signed within.
 */
export interface PrivateCopies {
  readonly forRecipient: Bytes;
  readonly forAuthor: Bytes;
}

const ENCAPSULATED_SIZE = 32;
const SIZE_SIZE = 4;

export async function sealPrivate(origin: Origin, recipientKey: Bytes, authorKey: Bytes, plaintext: Bytes): Promise<Bytes> {
  const [forRecipient, forAuthor] = await Promise.all([
    sealCopy(origin, recipientKey, plaintext),
    sealCopy(origin, authorKey, plaintext),
  ]);
  return concatenate(bigEndian(BigInt(forRecipient.length), SIZE_SIZE), forRecipient, forAuthor);
}

export function parsePrivate(bytes: Bytes): PrivateCopies | undefined {
  if (bytes.length < SIZE_SIZE) return undefined;
  const size = new DataView(bytes.buffer, bytes.byteOffset, SIZE_SIZE).getUint32(0);
  const end = SIZE_SIZE + size;
  if (bytes.length < end) return undefined;
  return { forRecipient: bytes.subarray(SIZE_SIZE, end), forAuthor: bytes.subarray(end) };
}

/** Rejects if anything was changed, or if the copy is for another key or from another place. */
export async function openCopy(origin: Origin, { privateKey }: ContentKeys, copy: Bytes): Promise<Bytes> {
  const { hpke } = SUITE;
  const encapsulated = copy.subarray(0, ENCAPSULATED_SIZE);
  return (await hpke.open(privateKey, encapsulated, copy.subarray(ENCAPSULATED_SIZE), infoOf(origin))) as Bytes;
}

async function sealCopy(origin: Origin, publicKey: Bytes, plaintext: Bytes): Promise<Bytes> {
  const { hpke } = SUITE;
  const { enc, ct } = await hpke.seal(await hpke.importPublicKey(publicKey), plaintext, infoOf(origin));
  return concatenate(enc, ct);
}

function infoOf(origin: Origin): Bytes {
  return concatenate(utf8("conclave private v1\0"), originBytes(origin));
}
