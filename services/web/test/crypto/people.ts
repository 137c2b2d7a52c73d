import { create, toBinary } from "@bufbuild/protobuf";

import { concatenate, utf8, type Bytes } from "../../src/crypto/bytes.ts";
import { PageVaultStore } from "../../src/crypto/content/pagestore.ts";
import { Vault } from "../../src/crypto/content/vault.ts";
import { Authentication, type Vouched } from "../../src/crypto/mls/credential.ts";
import { Group, type Change, type Effect } from "../../src/crypto/mls/group.ts";
import { newLeaf, type Leaf } from "../../src/crypto/mls/keypackage.ts";
import type { Policy } from "../../src/crypto/mls/policy.ts";
import { IdentityStatementSchema } from "../../src/gen/conclave/v1/identity_pb.js";
import { ProtectionMode } from "../../src/gen/conclave/v1/rooms_pb.js";
import { loneLocks } from "../locks.ts";

export const MEETING = "rooms/a/meetings/b";
export const POLICY: Policy = {
  mode: ProtectionMode.END_TO_END,
  rosterHash: new Uint8Array(),
  quorum: 0,
  retentionClass: "",
};

export async function ed25519(): Promise<{ privateKey: CryptoKey; publicKey: Bytes }> {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  return { privateKey: pair.privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

/** What signs who people are. */
export class Deployment {
  readonly #key: CryptoKey;
  readonly publicKey: Bytes;

  constructor(key: { privateKey: CryptoKey; publicKey: Bytes }) {
    this.#key = key.privateKey;
    this.publicKey = key.publicKey;
  }

  async vouch(participantId: string, identityKey: Bytes, meeting = MEETING): Promise<Vouched> {
    const message = create(IdentityStatementSchema, { participantId, meeting, displayName: participantId, identityKey });
    const statement = toBinary(IdentityStatementSchema, message) as Bytes;
    const signed = concatenate(utf8("conclave identity v1\0"), statement);
    return { statement, signature: new Uint8Array(await crypto.subtle.sign("Ed25519", this.#key, signed)) };
  }
}

export const DEPLOYMENT = new Deployment(await ed25519());
export const AUTHENTICATION = await Authentication.of(DEPLOYMENT.publicKey, MEETING);

/** A vault that lasts as long as the page. */
export function pageVault(): Vault {
  return new Vault(Promise.resolve(new PageVaultStore()), loneLocks());
}

/** One person's client: an identity, and a group once it has founded or joined one. */
export class Client {
  readonly id: string;
  readonly identity: { privateKey: CryptoKey; publicKey: Bytes };
  readonly deployment: Deployment;
  group!: Group;
  #leaf: Leaf | undefined;

  private constructor(id: string, identity: { privateKey: CryptoKey; publicKey: Bytes }, deployment: Deployment) {
    this.id = id;
    this.identity = identity;
    this.deployment = deployment;
  }

  static async named(id: string, deployment = DEPLOYMENT): Promise<Client> {
    return new Client(id, await ed25519(), deployment);
  }

  async leaf(): Promise<Leaf> {
    const vouched = await this.deployment.vouch(this.id, this.identity.publicKey);
    this.#leaf = await newLeaf(vouched, this.identity.privateKey, Date.now());
    return this.#leaf;
  }

  async keyPackage(): Promise<Bytes> {
    return (await this.leaf()).message;
  }

  async join(welcome: Bytes | undefined, policy = POLICY): Promise<void> {
    if (welcome === undefined || this.#leaf === undefined) throw new Error("there is nothing to join");
    this.group = await Group.join(policy, this.#leaf, AUTHENTICATION, welcome);
  }

  /** The same person after a reload: all but the identity is lost. */
  reloaded(): Client {
    return new Client(this.id, this.identity, this.deployment);
  }
}

/** A group of these people, in this order of leaves; all are at the same epoch. */
export async function meeting(...ids: readonly string[]): Promise<Client[]> {
  const [founder, ...others] = await Promise.all(ids.map((id) => Client.named(id)));
  if (founder === undefined) throw new Error("a meeting has a founder");
  founder.group = await Group.found(POLICY, await founder.leaf(), AUTHENTICATION);
  if (others.length > 0) {
    const add = await Promise.all(others.map((other) => other.keyPackage()));
    const { message, welcome } = await founder.group.commit({ add });
    await founder.group.process(message);
    await Promise.all(others.map((other) => other.join(welcome)));
  }
  return [founder, ...others];
}

/** Commits a change by one client and delivers it to all; returns what it did to each, and the Welcome. */
export async function change(
  committer: Client,
  all: readonly Client[],
  what: Change,
): Promise<{ effects: Effect[]; welcome: Bytes | undefined; message: Bytes }> {
  const { message, welcome } = await committer.group.commit(what);
  const effects: Effect[] = [];
  for (const client of all) effects.push(await client.group.process(message));
  return { effects, welcome, message };
}
