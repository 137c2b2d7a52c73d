import { create, fromBinary, toBinary } from "@bufbuild/protobuf";

import type { Bytes } from "../../../src/crypto/bytes.ts";
import { ContentCodec, type Claim, type ContentOpening } from "../../../src/crypto/content/codec.ts";
import { PageVaultStore } from "../../../src/crypto/content/pagestore.ts";
import { Vault } from "../../../src/crypto/content/vault.ts";
import { Group, type Change } from "../../../src/crypto/mls/group.ts";
import type { Leaf } from "../../../src/crypto/mls/keypackage.ts";
import { ContentKind, ContentObjectSchema } from "../../../src/gen/conclave/v1/content_pb.js";
import { DataClass } from "../../../src/gen/conclave/v1/data_class_pb.js";
import { loneLocks } from "../../locks.ts";
import { AUTHENTICATION, Client, MEETING, POLICY } from "../people.ts";

/** One page of one person: a leaf, its group, and what it shares. */
export class Talker {
  readonly client: Client;
  /** What the browser keeps; pages of one person have it in common. */
  readonly store: PageVaultStore;
  readonly codec: ContentCodec;
  leaf!: Leaf;
  group!: Group;

  constructor(client: Client, store = new PageVaultStore()) {
    this.client = client;
    this.store = store;
    this.codec = new ContentCodec(new Vault(Promise.resolve(store), loneLocks()));
  }

  static async named(id: string): Promise<Talker> {
    return new Talker(await Client.named(id));
  }

  /** The same person, on a page that was loaded anew or in another tab; id: the new presence. */
  async again(id: string): Promise<Talker> {
    const client = this.client.reloaded();
    Object.assign(client, { id });
    return new Talker(client, this.store);
  }

  get id(): string {
    return this.client.id;
  }

  async offers(meeting = MEETING): Promise<Bytes> {
    this.leaf = await this.client.leaf();
    const own = { meeting, participantId: this.id, identityKey: this.client.identity.publicKey };
    await this.codec.begin({ ...own, contentSeed: this.leaf.contentSeed }, 0);
    return this.leaf.message;
  }

  async found(): Promise<void> {
    await this.offers();
    this.group = await Group.found(POLICY, this.leaf, AUTHENTICATION);
    await this.install();
  }

  async join(welcome: Bytes | undefined): Promise<void> {
    if (welcome === undefined) throw new Error("there is nothing to join");
    this.group = await Group.join(POLICY, this.leaf, AUTHENTICATION, welcome);
    await this.install();
  }

  async process(message: Bytes): Promise<void> {
    if ((await this.group.process(message)) === "epoch") await this.install();
    else this.codec.pause();
  }

  async install(): Promise<void> {
    const { groupId, number: epoch, members, dataKey, ownLeaf } = await this.group.takeSecrets();
    await this.codec.install({ groupId, epoch, members, dataKey }, ownLeaf, (message) => this.group.sign(message));
  }

  async says(text: string, recipientId = "", more: Partial<Claim> = {}): Promise<{ sealed: Bytes; claim: Claim }> {
    const claim = claimOf(this.id, recipientId, more);
    const sealed = await this.codec.seal({ kind: claim.kind, object: objectOf(text, claim) }, recipientId);
    if (typeof sealed === "string") throw new Error(sealed);
    return { sealed, claim };
  }

  /** What this client shows: the text, or in brackets why not. */
  async reads(sealed: Bytes, claim: Claim): Promise<string> {
    return shownBy(await this.codec.open(sealed, claim));
  }
}

export function shownBy(opening: ContentOpening): string {
  if (opening.refused !== undefined) return `[${opening.refused}]`;
  const { content } = fromBinary(ContentObjectSchema, opening.object);
  return content.case === "chat" ? content.value.text : "[no line]";
}

let made = 0;

export function claimOf(senderId: string, recipientId = "", more: Partial<Claim> = {}): Claim {
  const what = { kind: ContentKind.CHAT, dataClass: DataClass.MESSAGES, id: `id-${made++}`, revision: 1, parentId: "", closed: false };
  return { ...what, senderId, recipientId, own: false, passing: false, ...more };
}

export function objectOf(text: string, { kind, dataClass, id, revision, parentId, closed }: Claim): Bytes {
  const content = { case: "chat", value: { text } } as const;
  const object = create(ContentObjectSchema, { kind, dataClass, id, revision, parentId, closed, content });
  return toBinary(ContentObjectSchema, object) as Bytes;
}

/** A meeting of these people, in this order of leaves; all are at the same epoch. */
export async function talk(...ids: readonly string[]): Promise<Talker[]> {
  const [founder, ...others] = await Promise.all(ids.map((id) => Talker.named(id)));
  if (founder === undefined) throw new Error("a meeting has a founder");
  await founder.found();
  await changed(founder, [founder], {}, others);
  return [founder, ...others];
}

/** One commits; those who are there follow, and others come. */
export async function changed(
  committer: Talker,
  there: readonly Talker[],
  { remove = [] }: Change,
  come: readonly Talker[],
): Promise<void> {
  const add = await Promise.all(come.map((each) => each.offers()));
  const { message, welcome } = await committer.group.commit({ add, remove });
  for (const each of there) await each.process(message);
  for (const each of come) await each.join(welcome);
}
