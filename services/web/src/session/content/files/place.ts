import type { Bytes } from "../../../crypto/bytes.ts";

/** There is no room on the device for a file. */
export class NoRoom extends Error {
  constructor() {
    super("there is no room for the file on this device");
    this.name = "NoRoom";
  }
}

/** Where one decrypted file goes until it is saved. */
export interface Place {
  /** Appends. Rejects with NoRoom. */
  write(octets: Bytes): Promise<void>;
  /** All that was written; readable until discarded. */
  finish(): Promise<Blob>;
  /** Deletes what was written. */
  discard(): Promise<void>;
}

/** Gives places. Rejects with NoRoom where a file of this many octets has none. */
export type MakePlace = (size: number) => Promise<Place>;

/** What a page holds in memory at most where the browser gives it no files of its own, as in private windows. */
export const MOST_IN_MEMORY = 256 << 20;

/** In the page's memory. */
export class MemoryPlace implements Place {
  #pieces: Bytes[] = [];

  constructor(size: number) {
    if (size > MOST_IN_MEMORY) throw new NoRoom();
  }

  write(octets: Bytes): Promise<void> {
    this.#pieces.push(octets);
    return Promise.resolve();
  }

  finish(): Promise<Blob> {
    return Promise.resolve(new Blob(this.#pieces));
  }

  discard(): Promise<void> {
    this.#pieces = [];
    return Promise.resolve();
  }
}
