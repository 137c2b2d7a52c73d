import { concatenate, type Bytes } from "../bytes.ts";
import { Counters } from "../keys/counters.ts";
import { Context, encodeKid } from "../keys/kid.ts";
import type { Member } from "../member.ts";
import { seal } from "../sframe/ciphertext.ts";
import { encodeEnvelope, metadataOf } from "./envelope.ts";
import type { DataEpoch } from "./epoch.ts";
import { sealPrivate } from "./private.ts";
import { encodeStatement, signedBytes, type Origin } from "./statement.ts";

/** What the first byte within an SFrame ciphertext says: an object for everybody, or one for a single member. */
export const Form = { EVERYBODY: 0, PRIVATE: 1 } as const;

/** An object to seal. */
export interface Sealing {
  readonly kind: number;
  /** A serialised ContentObject. */
  readonly object: Bytes;
}

/** Whom a private object is for: under which name it is signed, and to which member's key it is sealed. */
export interface Recipient {
  readonly participantId: string;
  readonly member: Member;
}

/** Signs by the leaf's own key. */
export type Sign = (message: Bytes) => Promise<Bytes>;

/**
 * Seals a client's own objects in one epoch. There is one for each epoch of each leaf, made when the group enters the
 * epoch and never again, so that its counters never begin anew under a key.
 */
export class Sealer {
  readonly #epoch: DataEpoch;
  readonly #ownLeaf: number;
  readonly #sign: Sign;
  readonly #counters: Counters;

  constructor(epoch: DataEpoch, ownLeaf: number, sign: Sign, counters = new Counters()) {
    this.#epoch = epoch;
    this.#ownLeaf = ownLeaf;
    this.#sign = sign;
    this.#counters = counters;
  }

  /** Whom an object for a participant is to be sealed to; undefined if nobody in the group is that person. */
  recipient(participantId: string, identityKey: Bytes | undefined): Recipient | undefined {
    const member = this.#epoch.memberOf(participantId, identityKey);
    return member && { participantId, member };
  }

  /** recipient: undefined for everybody. */
  async seal({ kind, object }: Sealing, recipient: Recipient | undefined): Promise<Bytes> {
    const { groupId, epoch } = this.#epoch;
    const kid = encodeKid(Context.CONTENT, this.#ownLeaf, epoch);
    // Taken before anything waits: several objects may be under way at once.
    const counter = BigInt(this.#counters.take(kid));
    const origin = { groupId, epoch, leaf: this.#ownLeaf, counter };
    const statement = encodeStatement({ recipientId: recipient?.participantId ?? "", object });
    const signed = concatenate(await this.#sign(await signedBytes(origin, kind, statement)), statement);
    const inner =
      recipient === undefined
        ? concatenate(Uint8Array.of(Form.EVERYBODY), signed)
        : concatenate(Uint8Array.of(Form.PRIVATE), await this.#private(origin, recipient, signed));
    const ciphertext = await seal(await this.#epoch.keyOf(kid), counter, metadataOf(origin), inner);
    return encodeEnvelope(origin, ciphertext);
  }

  async #private(origin: Origin, { member }: Recipient, signed: Bytes): Promise<Bytes> {
    const own = this.#epoch.members.get(this.#ownLeaf);
    if (own === undefined) throw new Error("the own leaf is in its group");
    return await sealPrivate(origin, member.contentKey, own.contentKey, signed);
  }
}
