import { equalBytes, type Bytes } from "../bytes.ts";
import type { Member } from "../member.ts";
import { deriveFrameKey, importBaseKey, type FrameKey } from "../sframe/key.ts";
import { MEETING_SUITE } from "../sframe/suite.ts";
import type { Place } from "./envelope.ts";

/** What an MLS group gives away about one of its epochs for the objects that are shared in it. */
export interface DataSecrets extends Place {
  /** MLS exporter "conclave data v1". */
  readonly dataKey: Bytes;
  readonly members: ReadonlyMap<number, Member>;
}

/** What opens the objects of one epoch. It seals nothing: an epoch that was read from the vault has no counters. */
export class DataEpoch implements Place {
  readonly groupId: Bytes;
  readonly epoch: bigint;
  readonly members: ReadonlyMap<number, Member>;
  readonly #baseKey: CryptoKey;
  readonly #keys = new Map<bigint, Promise<FrameKey>>();

  private constructor({ groupId, epoch, members }: DataSecrets, baseKey: CryptoKey) {
    this.groupId = groupId;
    this.epoch = epoch;
    this.members = members;
    this.#baseKey = baseKey;
  }

  static async of(secrets: DataSecrets): Promise<DataEpoch> {
    return new DataEpoch(secrets, await importBaseKey(secrets.dataKey));
  }

  isAt({ groupId, epoch }: Place): boolean {
    return this.epoch === epoch && equalBytes(this.groupId, groupId);
  }

  /** The member of this epoch who is a participant, or is the same person under another id. */
  memberOf(participantId: string, identityKey?: Bytes): Member | undefined {
    const members = [...this.members.values()];
    const same = members.find((member) => member.participantId === participantId);
    if (same !== undefined || identityKey === undefined) return same;
    return members.find((member) => equalBytes(member.identityKey, identityKey));
  }

  async keyOf(kid: bigint): Promise<FrameKey> {
    let key = this.#keys.get(kid);
    if (key === undefined) this.#keys.set(kid, (key = deriveFrameKey(MEETING_SUITE, this.#baseKey, kid)));
    return await key;
  }
}
