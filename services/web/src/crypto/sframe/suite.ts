import type { Bytes } from "../bytes.ts";

/** Encrypts and authenticates under one key. */
export interface Aead {
  seal(nonce: Bytes, additionalData: Bytes, plaintext: Bytes): Promise<Bytes>;
  /** Rejects if anything was changed. */
  open(nonce: Bytes, additionalData: Bytes, ciphertext: Bytes): Promise<Bytes>;
}

/** A cipher suite of RFC 9605 section 4.5. */
export interface CipherSuite {
  /** Its number in the registry of RFC 9605 section 8.1. */
  readonly id: number;
  readonly hash: "SHA-256" | "SHA-512";
  readonly keySize: number;
  importKey(key: Bytes): Promise<Aead>;
}

export const NONCE_SIZE = 12;

/** A suite with AES-GCM and its whole tag of 16 bytes. The size of the key, in bytes, says which AES. */
export function aesGcm(id: number, hash: CipherSuite["hash"], keySize: number): CipherSuite {
  return { id, hash, keySize, importKey };
}

async function importKey(bytes: Bytes): Promise<Aead> {
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  return {
    seal: async (iv, additionalData, plaintext) =>
      new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, plaintext)),
    open: async (iv, additionalData, ciphertext) =>
      new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, ciphertext)),
  };
}

/** AES_256_GCM_SHA512_128, the suite of every meeting. */
export const MEETING_SUITE = aesGcm(0x0005, "SHA-512", 32);
