import type { PrivateKey } from "ts-mls/crypto/hpke.js";

import type { Bytes } from "../bytes.ts";
import { SUITE } from "./suite.ts";

/** 32 random bytes from which a leaf's content keys are derived (RFC 9180 section 7.1.3). Secret. */
export type ContentSeed = Bytes;

/** A leaf's X25519 keys for what is sealed to it alone. */
export interface ContentKeys {
  readonly privateKey: PrivateKey;
  readonly publicKey: Bytes;
}

const SEED_SIZE = 32;

export function newContentSeed(): ContentSeed {
  return crypto.getRandomValues(new Uint8Array(SEED_SIZE));
}

export async function contentKeys(seed: ContentSeed): Promise<ContentKeys> {
  const { hpke } = SUITE;
  const { privateKey, publicKey } = await hpke.deriveKeyPair(seed);
  return { privateKey, publicKey: (await hpke.exportPublicKey(publicKey)) as Bytes };
}
