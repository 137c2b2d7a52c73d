import { fromBinary } from "@bufbuild/protobuf";

import { IdentityStatementSchema } from "../../gen/conclave/v1/identity_pb.js";
import type { Bytes } from "../bytes.ts";
import { ContentCodec, type Claim, type ContentOpening, type Unsealable } from "../content/codec.ts";
import type { Sealing } from "../content/seal.ts";
import type { Vault } from "../content/vault.ts";
import type { FrameClock } from "../frames/coming.ts";
import type { Announced } from "../frames/open.ts";
import type { Context } from "../keys/kid.ts";
import { KeyRing } from "../keys/ring.ts";
import type { Member } from "../member.ts";
import { Authentication, type Vouched } from "../mls/credential.ts";
import { Group, type Change, type Commit, type Effect } from "../mls/group.ts";
import { newLeaf, type Leaf } from "../mls/keypackage.ts";
import type { Policy } from "../mls/policy.ts";
import { SentFrames, SlotFrames, type Tally } from "./frames.ts";

/** Who this client is in one meeting, and what its user was promised. */
export interface Enrolment {
  readonly vouched: Vouched;
  /** Ed25519, never extractable. */
  readonly identityKey: CryptoKey;
  /** The deployment's public key, as pinned. */
  readonly deploymentKey: Bytes;
  readonly meeting: string;
  readonly policy: Policy;
}

interface Enrolled {
  readonly policy: Policy;
  readonly authentication: Authentication;
  readonly leaf: Leaf;
}

/** The group as the page shows it. */
export interface GroupView {
  readonly groupId: Bytes;
  readonly epoch: bigint;
  readonly ownLeaf: number;
  readonly code: readonly string[];
  readonly members: readonly Member[];
}

export interface Processed {
  readonly effect: Effect;
  readonly view: GroupView;
}

/** What the worker tells without being asked: what becomes of a source's or a slot's frames has changed. */
export interface FramesChanged {
  readonly direction: "sent" | "received";
  /** The context of a sent source, or the mid of a slot. */
  readonly of: string;
  readonly tally: Tally;
}

/**
 * All of a meeting's secrets, in one worker: the group, the keys and counters of its media, and those of what is shared
 * beside them. Nothing of it can be taken out, and only what opens shared objects comes back from the vault: the rest is
 * lost with the worker, and its person comes again as a new leaf.
 */
export class Session {
  readonly #changed: (change: FramesChanged) => void;
  readonly #clock: FrameClock;
  /** Called when somebody has left: videos have to begin anew under keys that the leaver lacks. */
  readonly #left: () => void;
  readonly #announced = new Map<string, Announced>();
  readonly #content: ContentCodec;
  #enrolled: Enrolled | undefined;
  #group: Group | undefined;
  #ring: KeyRing | undefined;

  constructor(changed: (change: FramesChanged) => void, left: () => void, clock: FrameClock, vault: Vault) {
    this.#content = new ContentCodec(vault);
    this.#changed = changed;
    this.#left = left;
    this.#clock = clock;
  }

  /** Does nothing; its answer says that the worker runs. */
  beat(): void {}

  /** Ends the leaf there is: nothing is sent or played until another has found or joined a group. */
  leave(): void {
    this.#enrolled = undefined;
    this.#group = undefined;
    this.#ring = undefined;
    this.#content.pause();
  }

  /** Makes the leaf with which the client will be in the meeting, and gives its KeyPackage. wallClockMs: time of day. */
  async enrol({ vouched, identityKey, deploymentKey, meeting, policy }: Enrolment, wallClockMs: number): Promise<Bytes> {
    this.leave();
    const authentication = await Authentication.of(deploymentKey, meeting);
    const leaf = await newLeaf(vouched, identityKey, wallClockMs);
    const said = fromBinary(IdentityStatementSchema, vouched.statement);
    const own = { participantId: said.participantId, identityKey: said.identityKey as Bytes };
    await this.#content.begin({ meeting, contentSeed: leaf.contentSeed, ...own }, wallClockMs);
    this.#enrolled = { policy, authentication, leaf };
    return leaf.message;
  }

  async found(): Promise<GroupView> {
    const { policy, leaf, authentication } = this.#enrolment();
    return await this.#enter(await Group.found(policy, leaf, authentication));
  }

  async join(welcome: Bytes): Promise<GroupView> {
    const { policy, leaf, authentication } = this.#enrolment();
    return await this.#enter(await Group.join(policy, leaf, authentication, welcome));
  }

  /** Makes a commit, in place of one that may be under way. */
  async commit(change: Change): Promise<Commit> {
    const group = this.#entered();
    group.abandon();
    return await group.commit(change);
  }

  abandon(): void {
    this.#group?.abandon();
  }

  async process(message: Bytes): Promise<Processed> {
    const group = this.#entered();
    const effect = await group.process(message);
    if (effect === "epoch") await this.#useEpoch(group);
    if (effect === "removed") {
      this.#ring = undefined;
      this.#content.pause();
    }
    return { effect, view: viewOf(group) };
  }

  /** What the appliance says that a slot shows; undefined for nothing. */
  announce(mid: string, source: Announced | undefined): void {
    if (source === undefined) this.#announced.delete(mid);
    else this.#announced.set(mid, source);
  }

  /** The frames of a sender; there may be several of one source, one after another. */
  sent(context: Context): SentFrames {
    const of = String(context);
    return new SentFrames(context, () => this.#ring, this.#clock, (tally) => this.#changed({ direction: "sent", of, tally }));
  }

  received(mid: string): SlotFrames {
    const changed = (tally: Tally): void => this.#changed({ direction: "received", of: mid, tally });
    return new SlotFrames(() => this.#announced.get(mid), () => this.#ring, this.#clock, changed);
  }

  /** recipientId: empty for everybody. */
  async sealContent(sealing: Sealing, recipientId: string): Promise<Bytes | Unsealable> {
    return await this.#content.seal(sealing, recipientId);
  }

  async openContent(sealed: Bytes, claim: Claim): Promise<ContentOpening> {
    return await this.#content.open(sealed, claim);
  }

  /** The meeting is over for this client: it reads nothing of it again. */
  async forgetContent(): Promise<void> {
    await this.#content.forget();
  }

  async #enter(group: Group): Promise<GroupView> {
    this.#group = group;
    this.#ring = new KeyRing(group.groupId);
    await this.#useEpoch(group);
    return viewOf(group);
  }

  async #useEpoch(group: Group): Promise<void> {
    const { dataKey, ...secrets } = await group.takeSecrets();
    if (this.#ring?.install(secrets, this.#clock.nowMs()) === "left") this.#left();
    const { groupId, number: epoch, members, ownLeaf } = secrets;
    await this.#content.install({ groupId, epoch, members, dataKey }, ownLeaf, (message) => group.sign(message));
  }

  #enrolment(): Enrolled {
    if (this.#enrolled === undefined) throw new Error("the client is not enrolled");
    return this.#enrolled;
  }

  #entered(): Group {
    if (this.#group === undefined) throw new Error("the client is in no group");
    return this.#group;
  }
}

function viewOf({ groupId, epoch, ownLeaf, code, members }: Group): GroupView {
  return { groupId, epoch, ownLeaf, code, members: [...members.values()] };
}
