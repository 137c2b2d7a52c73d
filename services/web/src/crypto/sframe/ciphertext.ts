import { concatenate, type Bytes } from "../bytes.ts";
import { encodeHeader, type ParsedHeader } from "./header.ts";
import { nonceOf, type FrameKey } from "./key.ts";

/**
 * Encrypts one SFrame ciphertext (RFC 9605 section 4.4.3): header, encrypted bytes, tag.
 *
 * counter: never used with this key before. metadata: authenticated and not part of the result.
 */
export async function seal(key: FrameKey, counter: bigint, metadata: Uint8Array, plaintext: Bytes): Promise<Bytes> {
  const header = encodeHeader({ kid: key.kid, counter });
  const encrypted = await key.aead.seal(nonceOf(key.salt, counter), concatenate(header, metadata), plaintext);
  return concatenate(header, encrypted);
}

/**
 * Decrypts one SFrame ciphertext (RFC 9605 section 4.4.4). Rejects if a byte of it or of the metadata was changed.
 *
 * header: as parseHeader read it from the ciphertext; it names the key.
 */
export async function open(key: FrameKey, header: ParsedHeader, metadata: Uint8Array, ciphertext: Bytes): Promise<Bytes> {
  const additionalData = concatenate(ciphertext.subarray(0, header.size), metadata);
  return await key.aead.open(nonceOf(key.salt, header.counter), additionalData, ciphertext.subarray(header.size));
}
