import { bigEndian, concatenate, utf8, type Bytes } from "../bytes.ts";
import { NONCE_SIZE, type Aead, type CipherSuite } from "./suite.ts";

/** What one KID's frames are protected with (RFC 9605 section 4.4). */
export interface FrameKey {
  readonly kid: bigint;
  readonly aead: Aead;
  readonly salt: Bytes;
}

/** The base key of an epoch; WebCrypto gives it to nobody again. */
export async function importBaseKey(bytes: Bytes): Promise<CryptoKey> {
  return await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits"]);
}

/** Derives the key and the salt of a KID (RFC 9605 section 4.4.2). baseKey: from importBaseKey. */
export async function deriveFrameKey(suite: CipherSuite, baseKey: CryptoKey, kid: bigint): Promise<FrameKey> {
  const [key, salt] = await Promise.all([
    expand(suite, baseKey, secretLabel("key", kid, suite), suite.keySize),
    expand(suite, baseKey, secretLabel("salt", kid, suite), NONCE_SIZE),
  ]);
  const aead = await suite.importKey(key);
  key.fill(0);
  return { kid, aead, salt };
}

export function secretLabel(secret: "key" | "salt", kid: bigint, suite: CipherSuite): Bytes {
  return concatenate(utf8(`SFrame 1.0 Secret ${secret} `), bigEndian(kid, 8), bigEndian(BigInt(suite.id), 2));
}

/** The nonce of one counter (RFC 9605 section 4.4.3): the salt, its end combined with the counter. */
export function nonceOf(salt: Bytes, counter: bigint): Bytes {
  const nonce = bigEndian(counter, NONCE_SIZE);
  for (let index = 0; index < NONCE_SIZE; index++) nonce[index] = (nonce[index] ?? 0) ^ (salt[index] ?? 0);
  return nonce;
}

async function expand(suite: CipherSuite, baseKey: CryptoKey, info: Bytes, size: number): Promise<Bytes> {
  // WebCrypto's HKDF extracts, here with the empty salt that RFC 9605 section 4.4.2 asks for, and then expands.
  const algorithm = { name: "HKDF", hash: suite.hash, salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, baseKey, size * 8));
}
