import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { getCiphersuiteFromName, type CiphersuiteImpl } from "ts-mls/crypto/ciphersuite.js";
import { defaultRng } from "ts-mls/crypto/implementation/default/rng.js";
import { makeGenericHpke } from "ts-mls/crypto/implementation/hpke.js";
import type { Aead } from "ts-mls/crypto/aead.js";
import type { Signature } from "ts-mls/crypto/signature.js";

import type { Bytes } from "../bytes.ts";
import { HASH, KDF } from "./hashing.ts";

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
    const key = await crypto.subtle.importKey("pkcs8", own(signKey), "Ed25519", false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("Ed25519", key, own(message)));
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

/** The cipher suite of every group. A promise and no top-level await: a worker that waits while it loads misses messages. */
export const SUITE = makeSuite();

async function makeSuite(): Promise<CiphersuiteImpl> {
  const hpke = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() });
  return {
    name: SUITE_NAME,
    hash: HASH,
    kdf: KDF,
    signature: ed25519,
    hpke: await makeGenericHpke(getCiphersuiteFromName(SUITE_NAME).hpke, aead, hpke),
    rng: defaultRng,
  };
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
