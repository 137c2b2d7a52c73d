import type { CiphersuiteImpl } from "ts-mls/crypto/ciphersuite.js";
import { defaultRng } from "ts-mls/crypto/implementation/default/rng.js";
import type { Aead } from "ts-mls/crypto/aead.js";
import type { Signature } from "ts-mls/crypto/signature.js";

import type { Bytes } from "../bytes.ts";
import { HASH, KDF } from "./hashing.ts";
import { makeHpke } from "./hpke.ts";

export const SUITE_NAME = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";

// The library's own provider brings every algorithm that it knows. This one brings suite 1, its keys and ciphers from
// WebCrypto.
const aead: Aead = {
  async encrypt(key, iv, additionalData, plaintext) {
    return new Uint8Array(await crypto.subtle.encrypt(gcm(iv, additionalData), await aesKey(key), own(plaintext)));
  },
  async decrypt(key, iv, additionalData, ciphertext) {
    return new Uint8Array(await crypto.subtle.decrypt(gcm(iv, additionalData), await aesKey(key), own(ciphertext)));
  },
};

/** Private keys are PKCS #8, public ones 32 bytes. */
const ed25519: Signature = {
  async sign(signKey, message) {
    return new Uint8Array(await crypto.subtle.sign("Ed25519", await signingKey(signKey), own(message)));
  },
  async verify(publicKey, message, signature) {
    const key = await crypto.subtle.importKey("raw", own(publicKey), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, own(signature), own(message));
  },
  async keygen() {
    const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    return {
      publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)),
      signKey: new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey)),
    };
  },
};

/** The cipher suite of every group. */
export const SUITE: CiphersuiteImpl = {
  name: SUITE_NAME,
  hash: HASH,
  kdf: KDF,
  signature: ed25519,
  hpke: makeHpke(aead),
  rng: defaultRng,
};

/** A commit signs three times by the key that its group has kept from the beginning. */
const signingKeys = new WeakMap<Uint8Array, Promise<CryptoKey>>();

async function signingKey(bytes: Uint8Array): Promise<CryptoKey> {
  let key = signingKeys.get(bytes);
  if (key === undefined) {
    key = crypto.subtle.importKey("pkcs8", own(bytes), "Ed25519", false, ["sign"]);
    signingKeys.set(bytes, key);
  }
  return await key;
}

async function aesKey(bytes: Uint8Array): Promise<CryptoKey> {
  return await crypto.subtle.importKey("raw", own(bytes), "AES-GCM", false, ["encrypt", "decrypt"]);
}

function gcm(iv: Uint8Array, additionalData: Uint8Array): AesGcmParams {
  return { name: "AES-GCM", iv: own(iv), additionalData: own(additionalData) };
}

/** The library does not say that its bytes are never shared memory; WebCrypto wants to know. */
function own(bytes: Uint8Array): Bytes {
  return bytes as Bytes;
}
