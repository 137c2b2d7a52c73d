import type { Bytes } from "../bytes.ts";
import { PageVaultStore } from "./pagestore.ts";
import type { Kept, VaultStore } from "./vault.ts";

const DATABASE = "conclave-content-keys";
const VERSION = 1;
const MEETINGS = "meetings";
const KEYS = "keys";

/** The vault of this browser for the origin, in IndexedDB; for one that keeps nothing, of this page. */
export async function openVaultStore(): Promise<VaultStore> {
  try {
    const opening = indexedDB.open(DATABASE, VERSION);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(MEETINGS, { keyPath: "meeting" });
      opening.result.createObjectStore(KEYS);
    };
    return new DatabaseStore(await done(opening));
  } catch {
    return new PageVaultStore();
  }
}

class DatabaseStore implements VaultStore {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async meetings(): Promise<readonly Kept[]> {
    return await done<Kept[]>(this.#begin("readonly").objectStore(MEETINGS).getAll());
  }

  async keepMeeting(kept: Kept): Promise<Kept> {
    const meetings = this.#begin("readwrite").objectStore(MEETINGS);
    const { wrappingKey } = ((await done(meetings.get(kept.meeting))) as Kept | undefined) ?? kept;
    const there = { ...kept, wrappingKey };
    await done(meetings.put(there));
    return there;
  }

  async keepKey(meeting: string, name: string, wrapped: Bytes): Promise<void> {
    // An epoch waits for it, and a disk may take its time; a page that is loaded anew finds it all the same.
    const transaction = this.#begin("readwrite", "relaxed");
    // Another page may have forgotten the meeting.
    if ((await done(transaction.objectStore(MEETINGS).get(meeting))) === undefined) return;
    await done(transaction.objectStore(KEYS).put(wrapped, [meeting, name]));
  }

  async keys(meeting: string): Promise<ReadonlyMap<string, Bytes>> {
    const keys = this.#begin("readonly").objectStore(KEYS);
    const range = rangeOf(meeting);
    const [names, values] = await Promise.all([done(keys.getAllKeys(range)), done<Bytes[]>(keys.getAll(range))]);
    return new Map(names.map((name, index) => [(name as [string, string])[1], values[index] as Bytes]));
  }

  async forget(meeting: string): Promise<void> {
    const transaction = this.#begin("readwrite");
    const keys = done(transaction.objectStore(KEYS).delete(rangeOf(meeting)));
    await Promise.all([keys, done(transaction.objectStore(MEETINGS).delete(meeting))]);
  }

  #begin(mode: IDBTransactionMode, durability: IDBTransactionDurability = "strict"): IDBTransaction {
    return this.#database.transaction([MEETINGS, KEYS], mode, { durability });
  }
}

/** All names of a meeting: arrays come after every text (Indexed Database API section 2.4). */
function rangeOf(meeting: string): IDBKeyRange {
  return IDBKeyRange.bound([meeting], [meeting, []]);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the database has failed"));
  });
}
