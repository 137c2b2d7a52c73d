import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Hash } from "ts-mls/crypto/hash.js";
import type { Kdf } from "ts-mls/crypto/kdf.js";
import { constantTimeEqual } from "ts-mls/util/constantTimeCompare.js";

// Suite 1's hash and key derivation, in the thread that asks. A removal in a meeting of four takes 140 of them, one after
// another, of a few dozen bytes each: WebCrypto would send each to another thread and back, past the frames that wait there.

export const HASH: Hash = {
  digest: async (data) => sha256(data),
  mac: async (key, data) => hmac(sha256, key, data),
  verifyMac: async (key, mac, data) => constantTimeEqual(hmac(sha256, key, data), mac),
};

export const KDF: Kdf = {
  extract: async (salt, secret) => extract(sha256, secret, salt),
  expand: async (secret, info, size) => expand(sha256, secret, info, size),
  size: sha256.outputLen,
};
