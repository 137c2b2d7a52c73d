import { bigEndian, concatenate, utf8, type Bytes } from "../bytes.ts";
import { NONCE_PREFIX_SIZE, SALT_SIZE } from "./layout.ts";

export const CONTENT_KEY_SIZE = 32;

/** What a file's header and content key make: the key of its segments, and what their nonces begin with. */
export interface SegmentKey {
  readonly key: CryptoKey;
  readonly noncePrefix: Bytes;
}

export interface Header {
  readonly salt: Bytes;
  readonly noncePrefix: Bytes;
}

/** The data that a file's segments are bound to: the ciphertext of one file is no other's. */
export function associatedDataOf(fileId: string): Bytes {
  return utf8(`conclave file v1 ${fileId}`);
}

export function newContentKey(): Bytes {
  return crypto.getRandomValues(new Uint8Array(CONTENT_KEY_SIZE));
}

export function newHeader(): Header {
  const random = (size: number): Bytes => crypto.getRandomValues(new Uint8Array(size));
  return { salt: random(SALT_SIZE), noncePrefix: random(NONCE_PREFIX_SIZE) };
}

/** HKDF-SHA256 of the content key with the header's salt, the associated data as info. */
export async function deriveSegmentKey(contentKey: Bytes, header: Header, associatedData: Bytes): Promise<SegmentKey> {
  const base = await crypto.subtle.importKey("raw", contentKey, "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: header.salt, info: associatedData },
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
  return { key, noncePrefix: header.noncePrefix };
}

/** The nonce of a segment: its place and whether it is the last are in it, so none can be moved, left out or added. */
export function nonceOf({ noncePrefix }: SegmentKey, segment: number, isLast: boolean): Bytes {
  return concatenate(noncePrefix, bigEndian(BigInt(segment), 4), new Uint8Array([isLast ? 1 : 0]));
}
