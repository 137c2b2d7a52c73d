const BYTES_PER_BLOCK = 5;
const DIGITS_PER_BLOCK = 5;

/** Bytes as digits that people can read to each other: five for each five bytes. Bytes that fill no block are left out. */
export function digitBlocks(bytes: Uint8Array): string[] {
  return Array.from({ length: Math.floor(bytes.length / BYTES_PER_BLOCK) }, (_, block) => {
    const part = bytes.subarray(block * BYTES_PER_BLOCK, (block + 1) * BYTES_PER_BLOCK);
    // 40 bits: exact as a number.
    const value = part.reduce((sum, byte) => sum * 256 + byte, 0);
    return (value % 10 ** DIGITS_PER_BLOCK).toString().padStart(DIGITS_PER_BLOCK, "0");
  });
}
