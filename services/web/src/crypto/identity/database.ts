import { PageStore, type IdentityStore } from "./store.ts";

const DATABASE = "conclave-identity";
const VERSION = 1;
const VALUES = "values";

/** What this browser keeps for the origin, in IndexedDB: it takes keys that no script can read. */
export async function openIdentityStore(): Promise<IdentityStore> {
  try {
    const opening = indexedDB.open(DATABASE, VERSION);
    opening.onupgradeneeded = () => opening.result.createObjectStore(VALUES);
    return new DatabaseStore(await done(opening));
  } catch {
    return new PageStore();
  }
}

class DatabaseStore implements IdentityStore {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async get(name: string): Promise<unknown> {
    return await done(this.#values("readonly").get(name));
  }

  async keep(name: string, value: unknown): Promise<unknown> {
    const values = this.#values("readwrite");
    const there: unknown = await done(values.get(name));
    if (there !== undefined) return there;
    await done(values.put(value, name));
    return value;
  }

  async replace(name: string, value: unknown): Promise<void> {
    await done(this.#values("readwrite").put(value, name));
  }

  #values(mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(VALUES, mode, { durability: "strict" }).objectStore(VALUES);
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the database has failed"));
  });
}
