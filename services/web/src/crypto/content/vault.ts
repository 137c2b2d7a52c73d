import { concatenate, hex, utf8, type Bytes } from "../bytes.ts";
import { sha256 } from "../digest.ts";
import type { ContentSeed } from "../mls/contentkeys.ts";
import type { DataSecrets } from "./epoch.ts";
import { decodeSecrets, encodeSecrets } from "./record.ts";
import { Uses, type Locks } from "./uses.ts";

/** What no page has used for a day is of no use to anybody. */
export const LONGEST_KEPT_MS = 24 * 3_600_000;
/** How often a page that is in a meeting has to say that it still is. */
export const STILL_USED_MS = 3_600_000;

/** One meeting in the vault. */
export interface Kept {
  readonly meeting: string;
  /** When a page is known to have used it last. */
  readonly sinceMs: number;
  /** AES-GCM, never extractable: what wraps the meeting's keys. Without it, they are gone. */
  readonly wrappingKey: CryptoKey;
}

/** Where a vault keeps things. Each call is atomic, however many pages of this origin are open. */
export interface VaultStore {
  meetings(): Promise<readonly Kept[]>;
  /** Keeps a meeting; of one that is there, only when it was used. Returns the one that is there afterwards. */
  keepMeeting(kept: Kept): Promise<Kept>;
  /** Keeps a wrapped key of a meeting that is there. */
  keepKey(meeting: string, name: string, wrapped: Bytes): Promise<void>;
  keys(meeting: string): Promise<ReadonlyMap<string, Bytes>>;
  /** Deletes a meeting and all of its keys. */
  forget(meeting: string): Promise<void>;
}

/** What the vault has of a meeting. */
export interface Recalled {
  readonly epochs: readonly DataSecrets[];
  readonly seeds: readonly ContentSeed[];
}

const EPOCH = "epoch ";
const SEED = "seed ";
const NONCE_SIZE = 12;

/** Keeps meetings' data keys between page loads, each meeting's wrapped by a key that no script can read. */
export class Vault {
  readonly #store: Promise<VaultStore>;
  readonly #uses: Uses;
  readonly #kept = new Map<string, Promise<Kept>>();

  constructor(store: Promise<VaultStore>, locks: Locks) {
    this.#store = store;
    this.#uses = new Uses(locks);
  }

  /** Deletes what meetings have left behind that this browser never saw the end of. */
  async sweep(nowMs: number): Promise<void> {
    for (const kept of await (await this.#store).meetings()) if (isStale(kept, nowMs)) await this.#delete(kept.meeting);
  }

  /** The client enters a meeting: gives what is kept of it, and deletes what is kept of those that are over. */
  async enter(meeting: string, nowMs: number): Promise<Recalled> {
    const store = await this.#store;
    for (const other of this.#uses.meetings) if (other !== meeting) await this.#leave(other);
    await this.#uses.begin(meeting);
    for (const kept of await store.meetings()) {
      if (isOver(kept, meeting, nowMs)) await this.#delete(kept.meeting);
    }
    const { wrappingKey } = await this.#meeting(meeting, nowMs);
    const epochs: DataSecrets[] = [];
    const seeds: ContentSeed[] = [];
    for (const [name, wrapped] of await store.keys(meeting)) {
      const bytes = await unwrap(wrappingKey, meeting, name, wrapped);
      if (name.startsWith(EPOCH)) epochs.push(decodeSecrets(bytes));
      else seeds.push(bytes);
    }
    return { epochs, seeds };
  }

  async keepEpoch(meeting: string, secrets: DataSecrets): Promise<void> {
    await this.#keep(meeting, `${EPOCH}${hex(secrets.groupId)} ${secrets.epoch}`, encodeSecrets(secrets));
  }

  async keepSeed(meeting: string, seed: ContentSeed): Promise<void> {
    await this.#keep(meeting, `${SEED}${hex(await sha256(seed))}`, seed);
  }

  /** The client is in its meeting still: what is kept of that is not old, however long the meeting lasts. */
  async stillUsed(nowMs: number): Promise<void> {
    const store = await this.#store;
    for (const kept of this.#kept.values()) await store.keepMeeting({ ...(await kept), sinceMs: nowMs });
  }

  /** The meeting is over for this client. What is kept of it goes with the last page that is in it. */
  async forget(meeting: string): Promise<void> {
    await this.#leave(meeting);
    await this.#delete(meeting);
  }

  async #leave(meeting: string): Promise<void> {
    this.#kept.delete(meeting);
    await this.#uses.end(meeting);
  }

  async #delete(meeting: string): Promise<void> {
    const store = await this.#store;
    await this.#uses.unlessUsed(meeting, () => store.forget(meeting));
  }

  async #keep(meeting: string, name: string, bytes: Bytes): Promise<void> {
    const kept = await this.#kept.get(meeting);
    // It is over for this client: what comes late is not kept.
    if (kept === undefined) return;
    await (await this.#store).keepKey(meeting, name, await wrap(kept.wrappingKey, meeting, name, bytes));
  }

  async #meeting(meeting: string, nowMs: number): Promise<Kept> {
    const algorithm = { name: "AES-GCM", length: 256 };
    const wrappingKey = await crypto.subtle.generateKey(algorithm, false, ["encrypt", "decrypt"]);
    const store = await this.#store;
    const kept = store.keepMeeting({ meeting, sinceMs: nowMs, wrappingKey });
    this.#kept.set(meeting, kept);
    return await kept;
  }
}

/** A room has one meeting at a time. */
function isOver(kept: Kept, entered: string, nowMs: number): boolean {
  if (kept.meeting === entered) return false;
  return roomOf(kept.meeting) === roomOf(entered) || isStale(kept, nowMs);
}

function isStale({ sinceMs }: Kept, nowMs: number): boolean {
  return nowMs - sinceMs > LONGEST_KEPT_MS;
}

function roomOf(meeting: string): string {
  return meeting.slice(0, meeting.lastIndexOf("/meetings/"));
}

async function wrap(key: CryptoKey, meeting: string, name: string, bytes: Bytes): Promise<Bytes> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_SIZE));
  const additionalData = utf8(`${meeting}\0${name}`);
  return concatenate(iv, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, bytes)));
}

async function unwrap(key: CryptoKey, meeting: string, name: string, wrapped: Bytes): Promise<Bytes> {
  const iv = wrapped.slice(0, NONCE_SIZE);
  const additionalData = utf8(`${meeting}\0${name}`);
  const algorithm = { name: "AES-GCM", iv, additionalData };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, wrapped.slice(NONCE_SIZE)));
}
