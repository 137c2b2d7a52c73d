import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Aead } from "ts-mls/crypto/aead.js";
import type { Hpke, PrivateKey, PublicKey } from "ts-mls/crypto/hpke.js";
import { CryptoError } from "ts-mls/mlsError.js";

import { bigEndian, concatenate, utf8, type Bytes } from "../bytes.ts";
import { KEY_SIZE, PrivateX25519, PublicX25519 } from "./x25519.ts";

// HPKE (RFC 9180) as suite 1 has it: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM in base mode. WebCrypto does
// what takes a key of X25519 or of AES and nothing else: it sends each call to another thread and back, past the frames
// that wait there, and the calls of a commit come one after another.

const KEM = concatenate(utf8("KEM"), bigEndian(0x0020n, 2));
const SUITE = concatenate(utf8("HPKE"), bigEndian(0x0020n, 2), bigEndian(0x0001n, 2), bigEndian(0x0001n, 2));
const VERSION = utf8("HPKE-v1");
const MODE_BASE = Uint8Array.of(0);
const NOTHING = new Uint8Array();
const AEAD_KEY_SIZE = 16;
const AEAD_NONCE_SIZE = 12;

/** What both sides of one encapsulation have (RFC 9180 section 5.1). */
interface Context {
  readonly key: Bytes;
  /** The first message's, and there is no other. */
  readonly nonce: Bytes;
  readonly exporterSecret: Bytes;
}

/** aead: AES-128-GCM. */
export function makeHpke(aead: Aead): Hpke {
  return {
    async seal(publicKey, plaintext, info, aad = NOTHING) {
      const [shared, enc] = await encapsulate(publicOf(publicKey));
      const { key, nonce } = contextOf(shared, info);
      return { enc, ct: await aead.encrypt(key, nonce, aad, plaintext) };
    },
    open: (privateKey, kemOutput, ciphertext, info, aad = NOTHING) =>
      refusing(async () => {
        const { key, nonce } = contextOf(await decapsulate(privateOf(privateKey), kemOutput), info);
        return await aead.decrypt(key, nonce, aad, ciphertext);
      }),
    async exportSecret(publicKey, exporterContext, length, info) {
      const [shared, enc] = await encapsulate(publicOf(publicKey));
      return { enc, secret: exported(contextOf(shared, info), exporterContext, length) };
    },
    importSecret: (privateKey, exporterContext, kemOutput, length, info) =>
      refusing(async () => {
        const context = contextOf(await decapsulate(privateOf(privateKey), kemOutput), info);
        return exported(context, exporterContext, length);
      }),
    importPrivateKey: (bytes) => refusing(async () => handed(new PrivateX25519(bytes))),
    importPublicKey: (bytes) => refusing(async () => handed(PublicX25519.of(bytes))),
    exportPublicKey: async (key) => await publicOf(key).bytes(),
    // A copy: the library wipes what it has used.
    exportPrivateKey: async (key) => privateOf(key).bytes.slice(),
    encryptAead: async (key, nonce, aad = NOTHING, plaintext) => await aead.encrypt(key, nonce, aad, plaintext),
    decryptAead: (key, nonce, aad = NOTHING, ciphertext) => refusing(() => aead.decrypt(key, nonce, aad, ciphertext)),
    deriveKeyPair: async (seed) => pairOf(seed),
    generateKeyPair: async () => pairOf(crypto.getRandomValues(new Uint8Array(KEY_SIZE))),
    keyLength: AEAD_KEY_SIZE,
    nonceLength: AEAD_NONCE_SIZE,
  };
}

/** RFC 9180 section 7.1.3. */
function pairOf(seed: Uint8Array): { readonly privateKey: PrivateKey; readonly publicKey: PublicKey } {
  const secret = labeledExtract(KEM, NOTHING, "dkp_prk", seed);
  const own = new PrivateX25519(labeledExpand(KEM, secret, "sk", NOTHING, KEY_SIZE));
  return { privateKey: handed(own), publicKey: handed(own.publicKey) };
}

/** RFC 9180 section 4.1: the shared secret, and what it takes to make it on the other side. */
async function encapsulate(theirs: PublicX25519): Promise<readonly [Bytes, Bytes]> {
  const ephemeral = new PrivateX25519(crypto.getRandomValues(new Uint8Array(KEY_SIZE)));
  const [agreed, encapsulated, recipient] = await Promise.all([
    ephemeral.agree(theirs),
    ephemeral.publicKey.bytes(),
    theirs.bytes(),
  ]);
  return [sharedSecret(agreed, encapsulated, recipient), encapsulated];
}

async function decapsulate(own: PrivateX25519, kemOutput: Uint8Array): Promise<Bytes> {
  const [agreed, recipient] = await Promise.all([own.agree(PublicX25519.of(kemOutput)), own.publicKey.bytes()]);
  return sharedSecret(agreed, kemOutput, recipient);
}

function sharedSecret(agreed: Bytes, encapsulated: Uint8Array, recipient: Bytes): Bytes {
  const secret = labeledExtract(KEM, NOTHING, "eae_prk", agreed);
  return labeledExpand(KEM, secret, "shared_secret", concatenate(encapsulated, recipient), KEY_SIZE);
}

function contextOf(shared: Bytes, info: Uint8Array): Context {
  const psk = labeledExtract(SUITE, NOTHING, "psk_id_hash", NOTHING);
  const said = concatenate(MODE_BASE, psk, labeledExtract(SUITE, NOTHING, "info_hash", info));
  const secret = labeledExtract(SUITE, shared, "secret", NOTHING);
  return {
    key: labeledExpand(SUITE, secret, "key", said, AEAD_KEY_SIZE),
    nonce: labeledExpand(SUITE, secret, "base_nonce", said, AEAD_NONCE_SIZE),
    exporterSecret: labeledExpand(SUITE, secret, "exp", said, sha256.outputLen),
  };
}

/** RFC 9180 section 5.3. */
function exported({ exporterSecret }: Context, exporterContext: Uint8Array, length: number): Bytes {
  return labeledExpand(SUITE, exporterSecret, "sec", exporterContext, length);
}

/** RFC 9180 section 4. suite: KEM or SUITE. */
function labeledExtract(suite: Bytes, salt: Uint8Array, label: string, secret: Uint8Array): Bytes {
  return extract(sha256, concatenate(VERSION, suite, utf8(label), secret), salt) as Bytes;
}

function labeledExpand(suite: Bytes, secret: Bytes, label: string, info: Uint8Array, size: number): Bytes {
  const labeled = concatenate(bigEndian(BigInt(size), 2), VERSION, suite, utf8(label), info);
  return expand(sha256, secret, labeled, size) as Bytes;
}

// The library says CryptoKey, and hands back what it was given: it looks at none.
function handed<Key extends PublicKey | PrivateKey>(key: PublicX25519 | PrivateX25519): Key {
  return key as object as Key;
}

function publicOf(key: PublicKey): PublicX25519 {
  return key as object as PublicX25519;
}

function privateOf(key: PrivateKey): PrivateX25519 {
  return key as object as PrivateX25519;
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CryptoError(String(error));
  }
}
