import type { Bytes } from "../bytes.ts";
import type { IdentityStore } from "./store.ts";

/** The client's own key for this deployment. */
export interface Identity {
  /** Ed25519, never extractable. */
  readonly privateKey: CryptoKey;
  /** 32 bytes. */
  readonly publicKey: Bytes;
}

const NAME = "own";

/** The identity key that this browser keeps for the deployment; made when it is first needed. */
export async function ownIdentity(store: IdentityStore): Promise<Identity> {
  let pair = await store.get(NAME);
  // Two pages may both find none: the one that is kept first is everybody's.
  pair ??= await store.keep(NAME, await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]));
  const { privateKey, publicKey } = pair as CryptoKeyPair;
  return { privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)) };
}
