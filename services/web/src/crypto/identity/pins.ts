import { equalBytes, hex, type Bytes } from "../bytes.ts";
import type { Member } from "../member.ts";
import type { IdentityStore } from "./store.ts";

/** The deployment signs with another key than the one that this browser has met first. */
export class DeploymentChanged extends Error {}

/**
 * How well somebody is known here: a guest whom nobody has vouched for, a person whose code was not compared yet, one
 * whose code was, or one whose key is another than before.
 */
export type Standing = "guest" | "unverified" | "verified" | "changed";

type Known = Pick<Member, "subject" | "identityKey">;

interface Pin {
  readonly identityKey: Bytes;
  readonly verified: boolean;
}

const DEPLOYMENT = "deployment";

/** What this browser remembers of others' keys. The first key that it meets is pinned, and no other takes its place. */
export class Pins {
  readonly #store: IdentityStore;

  constructor(store: IdentityStore) {
    this.#store = store;
  }

  /** Throws DeploymentChanged unless this is the deployment's key as it was on the first visit. */
  async checkDeployment(publicKey: Bytes): Promise<void> {
    const pinned = (await this.#store.keep(DEPLOYMENT, publicKey)) as Bytes;
    if (!equalBytes(pinned, publicKey)) throw new DeploymentChanged();
  }

  /** How well this member is known; pins the key of one who is met for the first time. */
  async meet(member: Known): Promise<Standing> {
    // A guest can be called anything: a guest's key says that it is the same one, and nothing more.
    if (member.subject === "") return (await this.#store.get(nameOf(member))) === undefined ? "guest" : "verified";
    const { identityKey } = member;
    const pin = (await this.#store.keep(nameOf(member), { identityKey, verified: false } satisfies Pin)) as Pin;
    if (!equalBytes(pin.identityKey, identityKey)) return "changed";
    return pin.verified ? "verified" : "unverified";
  }

  /** The person here has compared codes with the member. */
  async verify(member: Known): Promise<void> {
    await this.#store.replace(nameOf(member), { identityKey: member.identityKey, verified: true } satisfies Pin);
  }
}

function nameOf({ subject, identityKey }: Known): string {
  return subject === "" ? `guest ${hex(identityKey)}` : `person ${subject}`;
}
