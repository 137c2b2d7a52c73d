const BLOCKS = 6;
const BYTES_PER_BLOCK = 5;
const DIGITS_PER_BLOCK = 5;

/**
 * The 30 digits that everybody in an epoch sees, in blocks of five, and that differ if the group was split.
 *
 * authenticator: the epoch authenticator (RFC 9420 section 8.7), 32 bytes.
 */
export function epochCode(authenticator: Uint8Array): string[] {
  return Array.from({ length: BLOCKS }, (_, block) => {
    const bytes = authenticator.subarray(block * BYTES_PER_BLOCK, (block + 1) * BYTES_PER_BLOCK);
    // 40 bits: exact as a number.
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return (value % 10 ** DIGITS_PER_BLOCK).toString().padStart(DIGITS_PER_BLOCK, "0");
  });
}
