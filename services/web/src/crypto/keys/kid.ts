/**
 * What one counter is for. Sources that can be sent at the same time have different contexts; the layers of one source
 * share one. The numbers are part of what is encrypted: never give one a new meaning.
 */
export const Context = {
  MICROPHONE: 0,
  CAMERA: 1,
  SCREEN: 2,
  SCREEN_AUDIO: 3,
  CONTENT: 4,
} as const;
export type Context = (typeof Context)[keyof typeof Context];

const CONTEXTS: ReadonlySet<number> = new Set(Object.values(Context));

/** An SFrame KID as RFC 9605 section 5.2 makes it: context, then 12 bits of sender, then 8 bits of epoch. */
export interface Kid {
  readonly context: Context;
  /** The sender's leaf in the MLS group. */
  readonly leaf: number;
  /** The low 8 bits of the epoch. */
  readonly epochBits: number;
}

export const LARGEST_LEAF = 0xfff;
const LEAF_SHIFT = 8n;
const CONTEXT_SHIFT = 20n;

export function epochBitsOf(epoch: bigint): number {
  return Number(epoch & 0xffn);
}

export function encodeKid(context: Context, leaf: number, epoch: bigint): bigint {
  if (leaf > LARGEST_LEAF) throw new RangeError(`leaf ${leaf} has no KID; a group holds ${LARGEST_LEAF + 1} leaves`);
  return (BigInt(context) << CONTEXT_SHIFT) | (BigInt(leaf) << LEAF_SHIFT) | (epoch & 0xffn);
}

/** What a KID says, or undefined if no client of ours makes it. */
export function parseKid(kid: bigint): Kid | undefined {
  const context = Number(kid >> CONTEXT_SHIFT);
  if (!isContext(context)) return undefined;
  return { context, leaf: Number((kid >> LEAF_SHIFT) & BigInt(LARGEST_LEAF)), epochBits: epochBitsOf(kid) };
}

function isContext(value: number): value is Context {
  return CONTEXTS.has(value);
}
