import type { Capabilities } from "ts-mls/capabilities.js";
import { generateKeyPackageWithKey, type KeyPackage, type PrivateKeyPackage } from "ts-mls/keyPackage.js";

import type { Bytes } from "../bytes.ts";
import { contentKeys, newContentSeed, type ContentSeed } from "./contentkeys.ts";
import { makeCredential, type Vouched } from "./credential.ts";
import { SUITE, SUITE_NAME } from "./suite.ts";
import { encode } from "./wire.ts";

/**
 * A new leaf of this client: to found a group with, or to be added to one. It goes into one group once: a second life
 * in the same epoch would use its counters again.
 */
export class Leaf {
  readonly keyPackage: KeyPackage;
  /** The KeyPackage as others get it. */
  readonly message: Bytes;
  /** What opens what is sealed to this leaf alone. */
  readonly contentSeed: ContentSeed;
  readonly #privateKeys: PrivateKeyPackage;
  #used = false;

  constructor(keyPackage: KeyPackage, privateKeys: PrivateKeyPackage, contentSeed: ContentSeed) {
    this.keyPackage = keyPackage;
    this.contentSeed = contentSeed;
    this.message = encode({ wireformat: "mls_key_package", keyPackage });
    this.#privateKeys = privateKeys;
  }

  /** Enters a group; after an entry that failed, another may be tried. */
  async enter<T>(entry: (privateKeys: PrivateKeyPackage) => Promise<T>): Promise<T> {
    if (this.#used) throw new Error("the leaf is in a group");
    this.#used = true;
    try {
      return await entry(this.#privateKeys);
    } catch (failure) {
      this.#used = false;
      throw failure;
    }
  }
}

/** What clients' clocks may differ by, and how long a KeyPackage waits at most, seconds. */
const CLOCK_SKEW_S = 3_600n;
const LIFETIME_S = 86_400n;

/** What every client of ours can do, and all that groups of ours use. */
const CAPABILITIES: Capabilities = {
  versions: ["mls10"],
  ciphersuites: [SUITE_NAME],
  extensions: [],
  proposals: [],
  credentials: ["basic"],
};

/** Makes a leaf with fresh keys, which the identity key signs. nowMs: wall-clock time. */
export async function newLeaf(vouched: Vouched, identityKey: CryptoKey, nowMs: number): Promise<Leaf> {
  const suite = SUITE;
  const signatureKeys = await suite.signature.keygen();
  const contentSeed = newContentSeed();
  const { publicKey } = await contentKeys(contentSeed);
  const identity = await makeCredential(vouched, identityKey, signatureKeys.publicKey, publicKey);
  const nowS = BigInt(Math.floor(nowMs / 1_000));
  const { publicPackage, privatePackage } = await generateKeyPackageWithKey(
    { credentialType: "basic", identity },
    CAPABILITIES,
    { notBefore: nowS - CLOCK_SKEW_S, notAfter: nowS + LIFETIME_S },
    [],
    signatureKeys,
    suite,
  );
  return new Leaf(publicPackage, privatePackage, contentSeed);
}
