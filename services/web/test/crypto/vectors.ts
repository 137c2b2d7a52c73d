import { readFileSync } from "node:fs";

import type { Bytes } from "../../src/crypto/bytes.ts";

const FOLDER = new URL("../../../../tests/vectors/", import.meta.url);

/** A file of tests/vectors. Whole numbers become bigint: some have 64 bits. */
export function readVectors<T>(path: string): T {
  const text = readFileSync(new URL(path, FOLDER), "utf8");
  return JSON.parse(text, (_key, value, context?: { source?: string }) =>
    typeof value === "number" ? BigInt(context?.source ?? value) : value,
  ) as T;
}

export function unhex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
