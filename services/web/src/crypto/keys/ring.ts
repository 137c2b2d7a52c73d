import { equalBytes, type Bytes } from "../bytes.ts";
import type { Member } from "../member.ts";
import { MEETING_SUITE, type CipherSuite } from "../sframe/suite.ts";
import { Epoch, type EpochSecrets } from "./epoch.ts";
import { epochBitsOf } from "./kid.ts";

/** How long the keys of an epoch stay after the next one has come, milliseconds. */
export const RETENTION_MS = 5_000;
/** How long a sender waits, when people only came, until all have the new epoch, milliseconds. */
export const ADD_GRACE_MS = 1_000;

/** An epoch came twice, out of order or from another group: its counters may have been used already. */
export class EpochRefused extends Error {}

/** Why no epoch fits the epoch bits of a frame. */
export type EpochMissing = "no-key" | "future-epoch" | "stale-epoch";

interface Held {
  readonly epoch: Epoch;
  readonly sendFromMs: number;
  /** When the next epoch came; Infinity while there is none. */
  replacedAtMs: number;
}

/**
 * The media keys of one group in one client. A ring takes each epoch once and in order, so that counters never begin
 * anew under a key; whoever loses its ring joins again as a new leaf, which has keys that nobody used.
 *
 * Times are those of one monotonic clock.
 */
export class KeyRing {
  readonly #groupId: Bytes;
  readonly #suite: CipherSuite;
  /** Oldest first. */
  #held: Held[] = [];
  #awaiting: (() => void)[] = [];

  constructor(groupId: Bytes, suite: CipherSuite = MEETING_SUITE) {
    this.#groupId = groupId;
    this.#suite = suite;
  }

  /**
   * Takes the group's next epoch. Senders use it at once if anybody has left, otherwise after ADD_GRACE_MS.
   *
   * Returns whether anybody has left, or people only came.
   */
  install(secrets: EpochSecrets, nowMs: number): "left" | "came" {
    if (!equalBytes(secrets.groupId, this.#groupId)) throw new EpochRefused("the epoch is another group's");
    const last = this.#held.at(-1);
    if (last !== undefined && secrets.number <= last.epoch.number) {
      throw new EpochRefused(`epoch ${secrets.number} came after epoch ${last.epoch.number}`);
    }
    const epoch = new Epoch(secrets, this.#suite);
    const left = last !== undefined && !keepsAll(last.epoch.members, epoch.members);
    const waits = last !== undefined && !left;
    if (last !== undefined) last.replacedAtMs = nowMs;
    this.#forget(nowMs);
    // RFC 9605 section 5.2: an old epoch goes when another takes its low bits.
    this.#held = this.#held.filter((held) => epochBitsOf(held.epoch.number) !== epochBitsOf(epoch.number));
    this.#held.push({ epoch, sendFromMs: waits ? nowMs + ADD_GRACE_MS : nowMs, replacedAtMs: Infinity });
    for (const resolve of this.#awaiting.splice(0)) resolve();
    return left ? "left" : "came";
  }

  /** The epoch to send under, or undefined while there is none. */
  sending(nowMs: number): Epoch | undefined {
    this.#forget(nowMs);
    return (this.#held.findLast((held) => held.sendFromMs <= nowMs) ?? this.#held.at(-1))?.epoch;
  }

  /** The epoch that a frame's epoch bits mean, or why there is none. */
  receiving(epochBits: number, nowMs: number): Epoch | EpochMissing {
    this.#forget(nowMs);
    const { newest } = this;
    if (newest === undefined) return "no-key";
    const found = this.#held.find((held) => epochBitsOf(held.epoch.number) === epochBits);
    if (found !== undefined) return found.epoch;
    return ((epochBits - epochBitsOf(newest)) & 0xff) < 0x80 ? "future-epoch" : "stale-epoch";
  }

  /** The number of the newest epoch, or undefined while there is none. */
  get newest(): bigint | undefined {
    return this.#held.at(-1)?.epoch.number;
  }

  /** Resolves when the epoch after the newest is there. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => this.#awaiting.push(resolve));
  }

  /** The group as it is now. */
  get members(): ReadonlyMap<number, Member> {
    return this.#held.at(-1)?.epoch.members ?? new Map();
  }

  #forget(nowMs: number): void {
    this.#held = this.#held.filter((held) => nowMs < held.replacedAtMs + RETENTION_MS);
  }
}

/** Whether everybody of one epoch has the same leaf in the next. */
function keepsAll(before: ReadonlyMap<number, Member>, after: ReadonlyMap<number, Member>): boolean {
  return [...before.values()].every((member) => after.get(member.leaf)?.participantId === member.participantId);
}
