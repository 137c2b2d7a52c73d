import { concatenate, utf8, type Bytes } from "../bytes.ts";
import { digitBlocks } from "../digits.ts";

const BITS = 45 * 8;
/** About a tenth of a second: whoever looks for a key whose digits nearly agree pays it for each key. */
const ITERATIONS = 200_000;

/** The 45 digits that two people compare, the same for both, in blocks of five. */
export async function pairFingerprint(one: Bytes, other: Bytes): Promise<string[]> {
  const [first, second] = [one, other].sort(order);
  const keys = concatenate(first ?? one, second ?? other);
  const material = await crypto.subtle.importKey("raw", keys, "PBKDF2", false, ["deriveBits"]);
  const salt = utf8("conclave fingerprint v1\0");
  const parameters = { name: "PBKDF2", hash: "SHA-512", salt, iterations: ITERATIONS };
  return digitBlocks(new Uint8Array(await crypto.subtle.deriveBits(parameters, material, BITS)));
}

function order(one: Bytes, other: Bytes): number {
  const index = one.findIndex((byte, at) => byte !== other[at]);
  return index === -1 ? 0 : (one[index] ?? 0) - (other[index] ?? 0);
}
