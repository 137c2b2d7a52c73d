import { createGroup, joinGroupWithExtensions, type ClientState } from "ts-mls/clientState.js";
import { createCommit } from "ts-mls/createCommit.js";
import { createProposal } from "ts-mls/createMessage.js";
import { mlsExporter } from "ts-mls/keySchedule.js";
import { unprotectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import { processPublicMessage } from "ts-mls/processMessages.js";
import type { Proposal } from "ts-mls/proposal.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import { zeroOutUint8Array } from "ts-mls/util/byteArray.js";

import { equalBytes, type Bytes } from "../bytes.ts";
import { digitBlocks } from "../digits.ts";
import type { EpochSecrets } from "../keys/epoch.ts";
import { importBaseKey } from "../sframe/key.ts";
import { MEETING_SUITE } from "../sframe/suite.ts";
import type { Authentication } from "./credential.ts";
import type { Leaf } from "./keypackage.ts";
import { checked, libraryConfig } from "./library.ts";
import { isUnderPolicy, newGroupId, type Policy } from "./policy.ts";
import { proposalsToCommit } from "./proposals.ts";
import { Refused } from "./refused.ts";
import { checkContinuity, checkNewcomers, membersOf, type Members } from "./roster.ts";
import { checkCommit, checkProposal, checkSender, checkSomebodyStays, removedBy, resolve } from "./rules.ts";
import { SUITE } from "./suite.ts";
import { decodeKeyPackage, decodePublicMessage, decodeWelcome, encode } from "./wire.ts";

/** What a commit shall do besides what others have proposed. Nothing: it only refreshes the group's keys. */
export interface Change {
  /** KeyPackages of people to add. */
  readonly add?: readonly Bytes[];
  /** Leaves to remove. */
  readonly remove?: readonly number[];
}

/** A commit to hand to the delivery service. It holds once it comes back through process(). */
export interface Commit {
  readonly message: Bytes;
  /** For those whom it adds. */
  readonly welcome: Bytes | undefined;
}

/** What a message did to the group. */
export type Effect = "proposal" | "epoch" | "removed";

/** Of one epoch, for media and for what is shared beside them. */
export interface GroupSecrets extends EpochSecrets {
  readonly dataKey: Bytes;
}

interface State {
  readonly library: ClientState;
  readonly members: Members;
}

interface Pending extends State {
  readonly message: Bytes;
  readonly consumed: readonly Uint8Array[];
}

/**
 * One MLS group as one client sees it (RFC 9420). It never leaves the worker that made it and is never stored: a client
 * that lost it joins again as a new leaf.
 *
 * Its messages are handled one after another, in the delivery service's order.
 */
export class Group {
  readonly groupId: Bytes;
  readonly #authentication: Authentication;
  #state: State;
  #pending: Pending | undefined;
  #removed = false;
  #taken = -1n;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(state: State, authentication: Authentication) {
    this.#state = state;
    this.#authentication = authentication;
    this.groupId = state.library.groupContext.groupId as Bytes;
  }

  /** Founds a group with this client alone. */
  static async found(policy: Policy, own: Leaf, authentication: Authentication): Promise<Group> {
    const groupId = await newGroupId(policy);
    const config = libraryConfig(authentication);
    return await own.enter(async (privateKeys) => {
      const library = await createGroup(groupId, own.keyPackage, privateKeys, [], SUITE, config);
      return new Group({ library, members: await membersOf(library.ratchetTree, authentication) }, authentication);
    });
  }

  /** Joins the group that a Welcome is for. policy: what this client has shown to its user. */
  static async join(policy: Policy, own: Leaf, authentication: Authentication, welcome: Uint8Array): Promise<Group> {
    const decoded = decodeWelcome(welcome);
    const config = libraryConfig(authentication);
    return await own.enter(async (privateKeys) => {
      const { keyPackage } = own;
      const suite = SUITE;
      const [library, extensions] = await checked(
        joinGroupWithExtensions(decoded, keyPackage, privateKeys, emptyPskIndex, suite, undefined, undefined, config),
      );
      const context = library.groupContext;
      if (!(await isUnderPolicy(context.groupId, policy))) throw new Refused("wrong-policy");
      const unknown = extensions.some(({ extensionType }) => extensionType !== "ratchet_tree");
      if (unknown || context.extensions.length > 0) throw new Refused("forbidden-proposal");
      return new Group({ library, members: await membersOf(library.ratchetTree, authentication) }, authentication);
    });
  }

  get epoch(): bigint {
    return this.#state.library.groupContext.epoch;
  }

  get ownLeaf(): number {
    return this.#state.library.privatePath.leafIndex;
  }

  get members(): Members {
    return this.#state.members;
  }

  /** The 30 digits that everybody in this epoch sees, in blocks of five, and that differ if the group was split. */
  get code(): string[] {
    // RFC 9420 section 8.7: 32 bytes.
    return digitBlocks(this.#state.library.keySchedule.epochAuthenticator);
  }

  /** Makes a commit of what was proposed and of a change. One at a time: process() or abandon() ends it. */
  async commit(change: Change): Promise<Commit> {
    return await this.#alone(async () => {
      if (this.#pending !== undefined) throw new Error("a commit of this client is under way");
      const { library, members } = this.#state;
      const added: Proposal[] = (change.add ?? []).map((keyPackage) => ({
        proposalType: "add",
        add: { keyPackage: decodeKeyPackage(keyPackage) },
      }));
      const { byReference, byValue } = proposalsToCommit(library, added, new Set(change.remove ?? []));
      const all = [...Object.values(byReference).map(({ proposal }) => proposal), ...byValue];
      const removed = removedBy(all);
      checkSomebodyStays(members, this.ownLeaf, all);
      await checkNewcomers(all, this.#authentication);
      const made = await checked(
        createCommit(
          { state: { ...library, unappliedProposals: byReference }, cipherSuite: SUITE },
          { wireAsPublicMessage: true, extraProposals: [...byValue], ratchetTreeExtension: true },
        ),
      );
      const next = await this.#checkedState(made.newState, removed);
      if (made.commit.wireformat !== "mls_public_message") throw new Error("the library made another message");
      const message = encode({ wireformat: "mls_public_message", publicMessage: made.commit.publicMessage });
      this.#pending = { ...next, message, consumed: made.consumed };
      const welcome = made.welcome && encode({ wireformat: "mls_welcome", welcome: made.welcome });
      return { message, welcome };
    });
  }

  /** Gives up a commit that the delivery service has refused. */
  abandon(): void {
    this.#pending = undefined;
  }

  /** Proposes to remove a leaf, for whoever commits next. */
  async proposeRemoval(leaf: number): Promise<Bytes> {
    return await this.#alone(async () => {
      const proposal: Proposal = { proposalType: "remove", remove: { removed: leaf } };
      const { message } = await checked(createProposal(this.#state.library, true, proposal, SUITE));
      if (message.wireformat !== "mls_public_message") throw new Error("the library made another message");
      return encode({ wireformat: "mls_public_message", publicMessage: message.publicMessage });
    });
  }

  /** Takes the next message of the delivery service, this client's own included. */
  async process(message: Uint8Array): Promise<Effect> {
    return await this.#alone(async () => {
      if (this.#removed) throw new Refused("not-a-member");
      const pending = this.#pending;
      if (pending !== undefined && equalBytes(pending.message, message)) {
        this.#adopt(pending, pending.consumed);
        return "epoch";
      }
      const decoded = decodePublicMessage(message);
      const sender = checkSender(decoded, this.#state.library.groupContext);
      if (!this.#state.members.has(sender)) throw new Refused("not-a-member");
      return decoded.content.contentType === "commit" ? await this.#take(decoded) : await this.#note(decoded);
    });
  }

  /** The secrets of this epoch. They are given once: counters under them begin at nothing. */
  async takeSecrets(): Promise<GroupSecrets> {
    return await this.#alone(async () => {
      if (this.#removed) throw new Refused("not-a-member");
      if (this.epoch <= this.#taken) throw new Error(`the secrets of epoch ${this.epoch} are taken`);
      this.#taken = this.epoch;
      const { library, members } = this.#state;
      // RFC 9605 section 5.2.
      const baseKey = await this.#export("SFrame 1.0 Base Key", MEETING_SUITE.keySize);
      const dataKey = await this.#export("conclave data v1", MEETING_SUITE.keySize);
      const secrets = { groupId: this.groupId, number: library.groupContext.epoch, ownLeaf: this.ownLeaf, members };
      return { ...secrets, dataKey, baseKey: await importBaseKey(baseKey) };
    });
  }

  /** Signs by this client's leaf. message: begins as nothing in MLS does. */
  async sign(message: Bytes): Promise<Bytes> {
    const { signature } = SUITE;
    return (await signature.sign(this.#state.library.signaturePrivateKey, message)) as Bytes;
  }

  async #take(message: PublicMessage): Promise<Effect> {
    const { content } = message;
    if (content.contentType !== "commit") throw new Refused("malformed");
    const { library } = this.#state;
    const proposals = resolve(content.commit.proposals, library.unappliedProposals);
    checkCommit(proposals, content.commit.path !== undefined);
    await checkNewcomers(proposals, this.#authentication);
    const removed = removedBy(proposals);
    if (removed.has(this.ownLeaf)) {
      // The library looks for a blank leaf, and would try to go on where the commit gives this leaf to somebody else.
      const { keySchedule, groupContext, ratchetTree } = library;
      await checked(unprotectPublicMessage(keySchedule.membershipKey, groupContext, ratchetTree, message, SUITE));
      this.#removed = true;
      this.#pending = undefined;
      return "removed";
    }
    const { newState, consumed } = await checked(processPublicMessage(library, message, emptyPskIndex, SUITE));
    this.#adopt(await this.#checkedState(newState, removed), consumed);
    return "epoch";
  }

  async #note(message: PublicMessage): Promise<Effect> {
    const { content } = message;
    if (content.contentType !== "proposal") throw new Refused("malformed");
    checkProposal(content.proposal);
    const { newState } = await checked(processPublicMessage(this.#state.library, message, emptyPskIndex, SUITE));
    this.#state = { ...this.#state, library: newState };
    return "proposal";
  }

  async #checkedState(library: ClientState, removed: ReadonlySet<number>): Promise<State> {
    const members = await membersOf(library.ratchetTree, this.#authentication);
    checkContinuity(this.#state.members, members, removed);
    return { library, members };
  }

  #adopt({ library, members }: State, consumed: readonly Uint8Array[]): void {
    // Nothing here reads messages of an old epoch.
    this.#state = { library: { ...library, historicalReceiverData: new Map() }, members };
    this.#pending = undefined;
    for (const secret of consumed) zeroOutUint8Array(secret);
  }

  async #export(label: string, size: number): Promise<Bytes> {
    const { exporterSecret } = this.#state.library.keySchedule;
    return (await mlsExporter(exporterSecret, label, new Uint8Array(), size, SUITE)) as Bytes;
  }

  async #alone<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task, task);
    this.#last = turn.catch(() => undefined);
    return await turn;
  }
}
