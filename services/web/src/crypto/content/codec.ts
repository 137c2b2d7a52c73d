import { equalBytes, type Bytes } from "../bytes.ts";
import type { Member } from "../member.ts";
import { contentKeys, type ContentKeys, type ContentSeed } from "../mls/contentkeys.ts";
import { parseEnvelope, type Place } from "./envelope.ts";
import { DataEpoch, type DataSecrets } from "./epoch.ts";
import { ContentRefused, openObject, type ContentRefusal, type OpenedObject } from "./open.ts";
import { Sealer, type Sealing, type Sign } from "./seal.ts";
import { Seen } from "./seen.ts";
import type { Vault } from "./vault.ts";

/** What the appliance says about an object. All of it has to be as its author has sealed it. */
export interface Claim {
  readonly kind: number;
  readonly dataClass: number;
  readonly id: string;
  readonly revision: number;
  /** The object that it belongs to; empty for none. */
  readonly parentId: string;
  readonly closed: boolean;
  readonly senderId: string;
  /** Empty for everybody. */
  readonly recipientId: string;
  /** Whether it is the client's own. */
  readonly own: boolean;
  /** Whether its kind is one that is told once and not kept. */
  readonly passing: boolean;
}

/** What stands beside an object and within it. */
const LABELS = ["kind", "dataClass", "id", "revision", "parentId", "closed"] as const;

export type ContentOpening =
  | { readonly refused: ContentRefusal }
  | {
      readonly refused?: never;
      /** A serialised ContentObject. */
      readonly object: Bytes;
      /** As the deployment has signed it. */
      readonly senderName: string;
      readonly recipientName: string;
    };

/** Why an object cannot be sealed now: the client is in no group, or the one it is for is not. */
export type Unsealable = "no-key" | "no-recipient";

/** This client as it is in the group. */
export interface OwnLeaf {
  readonly meeting: string;
  readonly participantId: string;
  readonly identityKey: Bytes;
  readonly contentSeed: ContentSeed;
}

/**
 * Seals and opens what people share in one meeting's group. It keeps the epochs' data keys, in the vault too: who loads
 * the page anew reads what was said before. Media keys are never here.
 */
export class ContentCodec {
  readonly #vault: Vault;
  readonly #epochs: DataEpoch[] = [];
  /** Those that this page itself was in, in their order; of the others it does not know what passed in them. */
  readonly #stays: DataEpoch[] = [];
  readonly #ownKeys: ContentKeys[] = [];
  /** By participant id: everybody of every epoch that is known. */
  readonly #people = new Map<string, Member>();
  #seen = new Seen();
  #own: OwnLeaf | undefined;
  #sealer: Sealer | undefined;
  #lastSealed: Promise<unknown> = Promise.resolve();

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** The client has a new leaf. Reads what the vault has of the meeting when it is the first one. */
  async begin(own: OwnLeaf, nowMs: number): Promise<void> {
    const isFirst = this.#own?.meeting !== own.meeting;
    // What was shared in another meeting is nothing here, though this page was in it.
    if (isFirst) this.#clear();
    this.#own = own;
    this.#sealer = undefined;
    this.#ownKeys.push(await contentKeys(own.contentSeed));
    if (isFirst) await this.#recall(own.meeting, nowMs).catch(keepNothing);
    await this.#vault.keepSeed(own.meeting, own.contentSeed).catch(keepNothing);
  }

  /** The client's group has entered an epoch. Once for each epoch: counters under its key begin at nothing. */
  async install(secrets: DataSecrets, ownLeaf: number, sign: Sign): Promise<void> {
    const epoch = await DataEpoch.of(secrets);
    this.#stays.push(this.#add(epoch));
    this.#sealer = new Sealer(epoch, ownLeaf, sign);
    if (this.#own !== undefined) await this.#vault.keepEpoch(this.#own.meeting, secrets).catch(keepNothing);
    secrets.dataKey.fill(0);
  }

  /** The client is in no group any more: it opens what it has keys for, and seals nothing. */
  pause(): void {
    this.#sealer = undefined;
  }

  /** The meeting is over for this client: what it shared cannot be read here again. */
  async forget(): Promise<void> {
    this.#clear();
    if (this.#own !== undefined) await this.#vault.forget(this.#own.meeting);
  }

  /** Objects are ready in the order of their counters: what passes counts in no other. recipientId: empty for everybody. */
  async seal(sealing: Sealing, recipientId: string): Promise<Bytes | Unsealable> {
    const sealed = this.#lastSealed.then(() => this.#seal(sealing, recipientId));
    this.#lastSealed = sealed.catch(() => undefined);
    return await sealed;
  }

  async open(sealed: Bytes, claim: Claim): Promise<ContentOpening> {
    try {
      return await this.#open(sealed, claim);
    } catch (error) {
      if (error instanceof ContentRefused) return { refused: error.reason };
      throw error;
    }
  }

  async #seal(sealing: Sealing, recipientId: string): Promise<Bytes | Unsealable> {
    const sealer = this.#sealer;
    if (sealer === undefined) return "no-key";
    if (recipientId === "") return await sealer.seal(sealing, undefined);
    const recipient = sealer.recipient(recipientId, this.#people.get(recipientId)?.identityKey);
    return recipient === undefined ? "no-recipient" : await sealer.seal(sealing, recipient);
  }

  #clear(): void {
    this.pause();
    this.#epochs.length = this.#stays.length = this.#ownKeys.length = 0;
    this.#people.clear();
    this.#seen = new Seen();
  }

  async #recall(meeting: string, nowMs: number): Promise<void> {
    const { epochs, seeds } = await this.#vault.enter(meeting, nowMs);
    for (const secrets of epochs) this.#add(await DataEpoch.of(secrets));
    for (const seed of seeds) this.#ownKeys.push(await contentKeys(seed));
  }

  async #open(sealed: Bytes, claim: Claim): Promise<ContentOpening> {
    const envelope = parseEnvelope(sealed);
    if (envelope === undefined) throw new ContentRefused("malformed");
    const epoch = this.#epochAt(envelope);
    const opened = await openObject(epoch, envelope, this.#ownKeys);
    const { author, recipientId, object, origin, bytes } = opened;
    if (!this.#isSender(author, claim)) throw new ContentRefused("wrong-sender");
    if (recipientId !== claim.recipientId) throw new ContentRefused("wrong-recipient");
    if (LABELS.some((label) => object[label] !== claim[label])) throw new ContentRefused("mismatch");
    const { id, revision } = claim;
    const refusal =
      this.#seen.take(origin, { id, revision, identityKey: author.identityKey }) ??
      (claim.passing ? this.#pass(epoch, opened) : undefined);
    if (refusal !== undefined) throw new ContentRefused(refusal);
    const recipientName = this.#people.get(recipientId)?.displayName ?? "";
    return { object: bytes, senderName: author.displayName, recipientName };
  }

  /** What passed before this page was there may have been shown by the page before it. */
  #pass(epoch: DataEpoch, { author, object, origin }: OpenedObject): "replayed" | undefined {
    const stay = this.#stays.indexOf(epoch);
    if (stay < 0) return "replayed";
    return this.#seen.pass({ participantId: author.participantId, kind: object.kind, stay, counter: origin.counter });
  }

  #epochAt(place: Place): DataEpoch {
    const found = this.#epochs.find((epoch) => epoch.isAt(place));
    if (found !== undefined) return found;
    const known = this.#epochs.filter(({ groupId }) => equalBytes(groupId, place.groupId)).map(({ epoch }) => epoch);
    if (known.length === 0) throw new ContentRefused("other-group");
    throw new ContentRefused(known.every((epoch) => epoch < place.epoch) ? "future-epoch" : "no-key");
  }

  /** Whether an author is who the appliance says, or the same person before or after coming back. */
  #isSender(author: Member, { senderId, own }: Claim): boolean {
    if (own && this.#own !== undefined && !equalBytes(author.identityKey, this.#own.identityKey)) return false;
    if (author.participantId === senderId) return true;
    const sender = this.#people.get(senderId);
    return sender !== undefined && equalBytes(sender.identityKey, author.identityKey);
  }

  /** Returns the epoch as it is known. */
  #add(epoch: DataEpoch): DataEpoch {
    // A page beside this one, or the one before it, may have kept the same epoch.
    const known = this.#epochs.find((each) => each.isAt(epoch));
    if (known !== undefined) return known;
    this.#epochs.push(epoch);
    for (const member of epoch.members.values()) this.#people.set(member.participantId, member);
    return epoch;
  }
}

/** A browser whose database fails: what is said is lost to it with the page, and the meeting goes on. */
function keepNothing(): void {
  // Nothing depends on it.
}
