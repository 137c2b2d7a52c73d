import { create } from "@bufbuild/protobuf";

import { equalBytes, type Bytes } from "../../../src/crypto/bytes.ts";
import { decodePublicMessage, encode } from "../../../src/crypto/mls/wire.ts";
import {
  CommitRequestedSchema,
  FoundRequestedSchema,
  GroupHandshakeSchema,
  GroupRetiredSchema,
  GroupWelcomeSchema,
  HandshakesSchema,
  type GroupHandshake,
} from "../../../src/gen/conclave/v1/groups_pb.js";
import { ErrorCode, type ServerMessage } from "../../../src/gen/conclave/v1/signalling_pb.js";
import { SignallingError } from "../../../src/protocol/errors.ts";
import type { Delivery } from "../../../src/session/group/ports.ts";

export type Body = ServerMessage["body"];

interface Entry {
  readonly handshake: GroupHandshake;
  readonly welcome: Bytes | undefined;
  readonly joined: readonly string[];
}

/** A group as its delivery service knows it, by the rules that the appliance has (services/mls/group.py). */
class ServedGroup {
  readonly id: Bytes;
  epoch = 0n;
  leaves = new Map<number, string>();
  readonly stream: Entry[] = [];

  constructor(id: Bytes, founder: string) {
    this.id = id;
    this.leaves.set(0, founder);
  }

  leafOf(participantId: string): number | undefined {
    return [...this.leaves].find(([, owner]) => owner === participantId)?.[0];
  }
}

/** The appliance's delivery service, which does as told unless a test has it cheat. */
export class SimulatedService {
  readonly online = new Map<string, (body: Body) => void>();
  readonly waiting = new Map<string, Bytes>();
  readonly leaving = new Set<number>();
  /** Who entered because of a handshake that it could not process. */
  readonly stuck: string[] = [];
  entries = 0;
  group: ServedGroup | undefined;
  #asked: string | undefined;

  delivery(participantId: string): Delivery {
    return {
      enter: async (keyPackage, stuck) => {
        if (stuck) this.stuck.push(participantId);
        this.entries++;
        this.waiting.set(participantId, keyPackage);
        const leaf = this.group?.leafOf(participantId);
        if (leaf !== undefined) this.leaving.add(leaf);
        this.askForWhatIsPending();
      },
      found: async (groupId) => {
        if (this.#asked !== participantId || this.group !== undefined) throw refused(ErrorCode.HANDSHAKE_REFUSED);
        this.group = new ServedGroup(groupId, participantId);
        this.waiting.delete(participantId);
        this.askForWhatIsPending();
      },
      send: async (groupId, commit) => this.#take(participantId, groupId, commit.message, commit.welcome),
      read: async (groupId, after) => this.read(participantId, groupId, after),
    };
  }

  /** Somebody left, was removed or was gone for too long. */
  leave(participantId: string): void {
    this.waiting.delete(participantId);
    const leaf = this.group?.leafOf(participantId);
    if (leaf !== undefined) this.leaving.add(leaf);
    this.askForWhatIsPending();
  }

  retire(): void {
    const { group } = this;
    this.group = undefined;
    this.leaving.clear();
    if (group === undefined) return;
    const value = create(GroupRetiredSchema, { groupId: group.id });
    for (const owner of group.leaves.values()) this.online.get(owner)?.({ case: "groupRetired", value });
  }

  read(participantId: string, groupId: Bytes | undefined, after: bigint): ReturnType<typeof create<typeof HandshakesSchema>> {
    const { group } = this;
    if (groupId === undefined) {
      const entry = group?.stream.findLast(({ joined }) => joined.includes(participantId));
      if (entry === undefined || group === undefined) {
        if (!this.waiting.has(participantId)) throw refused(ErrorCode.HANDSHAKE_REFUSED);
        return create(HandshakesSchema, {});
      }
      const rest = group.stream.slice(Number(entry.handshake.sequence)).map(({ handshake }) => handshake);
      return create(HandshakesSchema, { welcome: welcomeOf(group.id, entry), handshakes: rest });
    }
    if (group === undefined || !equalBytes(group.id, groupId)) throw refused(ErrorCode.GROUP_RETIRED);
    if (group.leafOf(participantId) === undefined) throw refused(ErrorCode.HANDSHAKE_REFUSED);
    return create(HandshakesSchema, { handshakes: group.stream.slice(Number(after)).map(({ handshake }) => handshake) });
  }

  /** Asks whoever has to found or commit. skip: how many of those who could are passed over, for being silent. */
  askForWhatIsPending(skip = 0): void {
    const { group } = this;
    if (group === undefined) {
      const able = [...this.waiting.keys()].filter((id) => this.online.has(id));
      this.#asked = able[skip % able.length];
      if (this.#asked !== undefined) {
        this.online.get(this.#asked)?.({ case: "foundRequested", value: create(FoundRequestedSchema, {}) });
      }
      return;
    }
    const staying = [...group.leaves].filter(([leaf]) => !this.leaving.has(leaf));
    if (staying.length === 0 || (staying.length === 1 && this.leaving.size > 0 && this.waiting.size === 0)) {
      this.retire();
      return this.askForWhatIsPending();
    }
    if (this.waiting.size === 0 && this.leaving.size === 0) return;
    const able = staying.sort(([one], [other]) => one - other).filter(([, owner]) => this.online.has(owner));
    this.requestCommit(able[skip % able.length]?.[1] ?? "");
  }

  requestCommit(participantId: string): void {
    const { group } = this;
    if (group === undefined) return;
    const add = [...this.waiting].map(([id, keyPackage]) => ({ participantId: id, keyPackage }));
    const value = { groupId: group.id, epoch: group.epoch, add, remove: [...this.leaving] };
    this.online.get(participantId)?.({ case: "commitRequested", value: create(CommitRequestedSchema, value) });
  }

  #take(participantId: string, groupId: Bytes, message: Bytes, welcome: Bytes | undefined): void {
    const { group } = this;
    if (group === undefined || !equalBytes(group.id, groupId)) throw refused(ErrorCode.GROUP_RETIRED);
    const { content } = decodePublicMessage(message);
    if (content.epoch !== group.epoch) throw refused(ErrorCode.STALE_EPOCH);
    if (content.sender.senderType !== "member" || group.leaves.get(content.sender.leafIndex) !== participantId) {
      throw refused(ErrorCode.HANDSHAKE_REFUSED);
    }
    if (content.contentType !== "commit") throw refused(ErrorCode.HANDSHAKE_REFUSED);
    const proposals = content.commit.proposals.flatMap((entry) =>
      entry.proposalOrRefType === "proposal" ? [entry.proposal] : [],
    );
    const removed = proposals.flatMap((each) => (each.proposalType === "remove" ? [each.remove.removed] : []));
    const joined = proposals.flatMap((each) => {
      if (each.proposalType !== "add") return [];
      const { keyPackage } = each.add;
      const offered = encode({ wireformat: "mls_key_package", keyPackage });
      return [...this.waiting].filter(([, waiting]) => equalBytes(waiting, offered)).map(([id]) => id);
    });
    if (removed.length !== this.leaving.size || !removed.every((leaf) => this.leaving.has(leaf))) {
      throw refused(ErrorCode.HANDSHAKE_REFUSED);
    }
    for (const leaf of removed) group.leaves.delete(leaf);
    for (const id of joined) {
      let leaf = 0;
      while (group.leaves.has(leaf)) leaf++;
      group.leaves.set(leaf, id);
      this.waiting.delete(id);
    }
    this.leaving.clear();
    const handshake = create(GroupHandshakeSchema, {
      groupId: group.id,
      sequence: BigInt(group.stream.length + 1),
      epoch: group.epoch,
      message,
    });
    const entry: Entry = { handshake, welcome, joined };
    group.stream.push(entry);
    group.epoch += 1n;
    for (const [id, tell] of this.online) {
      if (joined.includes(id)) tell({ case: "groupWelcome", value: welcomeOf(group.id, entry) });
      else tell({ case: "groupHandshake", value: handshake });
    }
    this.askForWhatIsPending();
  }
}

function welcomeOf(groupId: Bytes, { handshake, welcome }: Entry): ReturnType<typeof create<typeof GroupWelcomeSchema>> {
  const { sequence, epoch } = handshake;
  return create(GroupWelcomeSchema, { groupId, sequence, epoch: epoch + 1n, welcome: welcome ?? new Uint8Array() });
}

function refused(code: ErrorCode): SignallingError {
  return new SignallingError(code, ErrorCode[code] ?? "");
}
