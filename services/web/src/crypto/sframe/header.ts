import { concatenate, type Bytes } from "../bytes.ts";

/** What an SFrame header says (RFC 9605 section 4.3). Both are unsigned and have up to 64 bits. */
export interface SFrameHeader {
  readonly kid: bigint;
  readonly counter: bigint;
}

export interface ParsedHeader extends SFrameHeader {
  /** How many bytes the header takes. */
  readonly size: number;
}

/** Values below this are part of the first byte; larger ones follow it, in as few bytes as they need. */
const FIRST_EXTENDED = 8n;
const EXTENDED = 0b1000;

export function encodeHeader({ kid, counter }: SFrameHeader): Bytes {
  const kidField = encodeField(kid);
  const counterField = encodeField(counter);
  return concatenate(
    Uint8Array.of((kidField.nibble << 4) | counterField.nibble),
    kidField.extension,
    counterField.extension,
  );
}

/** The header that these bytes begin with, or undefined if they end within it. */
export function parseHeader(bytes: Uint8Array): ParsedHeader | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  const kidSize = extensionSize(first >> 4);
  const counterSize = extensionSize(first & 0b1111);
  const size = 1 + kidSize + counterSize;
  if (bytes.length < size) return undefined;
  return {
    kid: kidSize === 0 ? BigInt(first >> 4) : readBigEndian(bytes.subarray(1, 1 + kidSize)),
    counter: counterSize === 0 ? BigInt(first & 0b1111) : readBigEndian(bytes.subarray(1 + kidSize, size)),
    size,
  };
}

function encodeField(value: bigint): { nibble: number; extension: Uint8Array } {
  if (value < FIRST_EXTENDED) return { nibble: Number(value), extension: new Uint8Array() };
  const bytes: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
  return { nibble: EXTENDED | (bytes.length - 1), extension: Uint8Array.from(bytes) };
}

function extensionSize(nibble: number): number {
  return (nibble & EXTENDED) === 0 ? 0 : (nibble & 0b111) + 1;
}

function readBigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
