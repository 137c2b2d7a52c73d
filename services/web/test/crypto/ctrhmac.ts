import { bigEndian, concatenate, type Bytes } from "../../src/crypto/bytes.ts";
import type { Aead, CipherSuite } from "../../src/crypto/sframe/suite.ts";

/** AES-CTR with HMAC (RFC 9605 section 4.5.1): meetings do not use it; the vectors of these suites test all the rest. */
export function ctrHmac(
  id: number,
  hash: CipherSuite["hash"],
  sizes: { readonly encryption: number; readonly authentication: number; readonly tag: number },
): CipherSuite {
  const keySize = sizes.encryption + sizes.authentication;
  return { id, hash, keySize, importKey: (key) => importKey(hash, sizes.encryption, sizes.tag, key) };
}

async function importKey(hash: string, encryptionSize: number, tagSize: number, key: Bytes): Promise<Aead> {
  const aes = await crypto.subtle.importKey("raw", key.subarray(0, encryptionSize), "AES-CTR", false, ["encrypt"]);
  const hmac = { name: "HMAC", hash };
  const mac = await crypto.subtle.importKey("raw", key.subarray(encryptionSize), hmac, false, ["sign"]);

  const crypt = async (nonce: Bytes, text: Bytes): Promise<Bytes> => {
    const counter = concatenate(nonce, new Uint8Array(4));
    return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: 32 }, aes, text));
  };
  const tag = async (nonce: Bytes, additionalData: Bytes, encrypted: Bytes): Promise<Bytes> => {
    const sizes = [additionalData.length, encrypted.length, tagSize].map((size) => bigEndian(BigInt(size), 8));
    const input = concatenate(...sizes, nonce, additionalData, encrypted);
    return new Uint8Array(await crypto.subtle.sign("HMAC", mac, input)).subarray(0, tagSize);
  };
  return {
    async seal(nonce, additionalData, plaintext) {
      const encrypted = await crypt(nonce, plaintext);
      return concatenate(encrypted, await tag(nonce, additionalData, encrypted));
    },
    async open(nonce, additionalData, ciphertext) {
      const encrypted = ciphertext.subarray(0, ciphertext.length - tagSize);
      const expected = await tag(nonce, additionalData, encrypted);
      if (Buffer.compare(expected, ciphertext.subarray(encrypted.length)) !== 0) throw new Error("wrong tag");
      return await crypt(nonce, encrypted);
    },
  };
}
