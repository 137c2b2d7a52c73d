import type { Bytes } from "../bytes.ts";
import type { Member } from "../member.ts";
import { deriveFrameKey, type FrameKey } from "../sframe/key.ts";
import { MEETING_SUITE, type CipherSuite } from "../sframe/suite.ts";
import { Counters } from "./counters.ts";
import { encodeKid, type Context } from "./kid.ts";
import { ReplayWindow } from "./replay.ts";

/** What an MLS group gives away about one of its epochs. */
export interface EpochSecrets {
  readonly groupId: Bytes;
  readonly number: bigint;
  readonly ownLeaf: number;
  /** By leaf. */
  readonly members: ReadonlyMap<number, Member>;
  /** MLS exporter "SFrame 1.0 Base Key", as importBaseKey gives it. */
  readonly baseKey: CryptoKey;
}

/**
 * The keys of one epoch, and with them all that must not outlive them or be made twice: the counters that were used
 * and the counters that were seen. Senders, connections, devices and layers come and go; these stay.
 */
export class Epoch {
  readonly number: bigint;
  readonly members: ReadonlyMap<number, Member>;
  readonly counters = new Counters();
  readonly #secrets: EpochSecrets;
  readonly #suite: CipherSuite;
  readonly #keys = new Map<bigint, Promise<FrameKey>>();
  readonly #windows = new Map<bigint, ReplayWindow>();

  constructor(secrets: EpochSecrets, suite: CipherSuite = MEETING_SUITE) {
    this.number = secrets.number;
    this.members = secrets.members;
    this.#secrets = secrets;
    this.#suite = suite;
  }

  /** The KID under which this client sends. */
  ownKid(context: Context): bigint {
    return encodeKid(context, this.#secrets.ownLeaf, this.number);
  }

  /** Which counters of a KID were opened. */
  windowOf(kid: bigint): ReplayWindow {
    let window = this.#windows.get(kid);
    if (window === undefined) this.#windows.set(kid, (window = new ReplayWindow()));
    return window;
  }

  async keyOf(kid: bigint): Promise<FrameKey> {
    let key = this.#keys.get(kid);
    if (key === undefined) this.#keys.set(kid, (key = deriveFrameKey(this.#suite, this.#secrets.baseKey, kid)));
    return await key;
  }
}
