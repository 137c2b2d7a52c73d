/** The octets of a segment of ciphertext, the first with the header (Tink's AES-GCM-HKDF streaming, 1 MiB segments). */
export const SEGMENT_SIZE = 1 << 20;
export const SALT_SIZE = 32;
export const NONCE_PREFIX_SIZE = 7;
/** Of salt, nonce prefix, and before them the header's own size. */
export const HEADER_SIZE = 1 + SALT_SIZE + NONCE_PREFIX_SIZE;
export const TAG_SIZE = 16;

/** What of a file's plaintext one segment holds: `from` up to `to`, in octets. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where a file's plaintext and ciphertext lie in its segments; plainSize in octets. */
export class Layout {
  readonly plainSize: number;
  /** The octets of a whole segment of ciphertext. */
  readonly segmentSize: number;
  /** How many segments there are: an empty file has one. */
  readonly segments: number;
  /** The whole ciphertext, header and tags included. */
  readonly sealedSize: number;

  constructor(plainSize: number, segmentSize = SEGMENT_SIZE) {
    if (!Number.isSafeInteger(plainSize) || plainSize < 0) throw new RangeError("a file's size is a whole number");
    this.plainSize = plainSize;
    this.segmentSize = segmentSize;
    this.segments = Math.max(1, Math.ceil((plainSize + HEADER_SIZE) / (segmentSize - TAG_SIZE)));
    this.sealedSize = HEADER_SIZE + plainSize + this.segments * TAG_SIZE;
  }

  isLast(segment: number): boolean {
    return segment === this.segments - 1;
  }

  plainOf(segment: number): Span {
    const start = (index: number): number => Math.max(0, index * (this.segmentSize - TAG_SIZE) - HEADER_SIZE);
    return { from: start(segment), to: Math.min(start(segment + 1), this.plainSize) };
  }

  /** Header included in the first. */
  sealedOf(segment: number): Span {
    return { from: segment * this.segmentSize, to: Math.min((segment + 1) * this.segmentSize, this.sealedSize) };
  }
}
