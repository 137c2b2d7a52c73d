import { bigEndian, concatenate, utf8, type Bytes } from "../bytes.ts";
import { LARGEST_COUNTER } from "../keys/counters.ts";
import { Context, epochBitsOf, parseKid } from "../keys/kid.ts";
import { parseHeader, type ParsedHeader } from "../sframe/header.ts";

/** One epoch of one group. */
export interface Place {
  readonly groupId: Bytes;
  /** All 64 bits: a KID has the low 8 alone. */
  readonly epoch: bigint;
}

/** A sealed object as it travels: version, the group's id with its size before it, the epoch, an SFrame ciphertext. */
export interface Envelope extends Place {
  readonly leaf: number;
  readonly header: ParsedHeader;
  readonly ciphertext: Bytes;
}

const VERSION = 1;
const EPOCH_SIZE = 8;

/** What precedes the ciphertext. */
function prefixOf({ groupId, epoch }: Place): Bytes {
  return concatenate(Uint8Array.of(VERSION, groupId.length), groupId, bigEndian(epoch, EPOCH_SIZE));
}

/** What the ciphertext authenticates besides itself. */
export function metadataOf(place: Place): Bytes {
  return concatenate(utf8("conclave data v1\0"), prefixOf(place));
}

export function encodeEnvelope(place: Place, ciphertext: Bytes): Bytes {
  return concatenate(prefixOf(place), ciphertext);
}

/** Undefined for what no client of ours makes. */
export function parseEnvelope(sealed: Bytes): Envelope | undefined {
  const [version, groupIdSize] = sealed;
  if (version !== VERSION || groupIdSize === undefined) return undefined;
  const epochAt = 2 + groupIdSize;
  const ciphertextAt = epochAt + EPOCH_SIZE;
  if (sealed.length < ciphertextAt) return undefined;
  const epoch = new DataView(sealed.buffer, sealed.byteOffset + epochAt, EPOCH_SIZE).getBigUint64(0);
  const ciphertext = sealed.subarray(ciphertextAt);
  const header = parseHeader(ciphertext);
  const kid = header && parseKid(header.kid);
  if (header === undefined || kid === undefined || header.counter > BigInt(LARGEST_COUNTER)) return undefined;
  if (kid.context !== Context.CONTENT || kid.epochBits !== epochBitsOf(epoch)) return undefined;
  return { groupId: sealed.slice(2, epochAt), epoch, leaf: kid.leaf, header, ciphertext };
}
