import type { Bytes } from "../../../crypto/bytes.ts";
import { newContentId } from "../../../protocol/contentid.ts";
import { MemoryPlace, NoRoom, type MakePlace, type Place } from "./place.ts";

const FOLDER = "received";
const LOCK = "conclave.received.";

/** The browser's private file system, as far as it is used. */
export interface Surroundings {
  readonly root: () => Promise<FileSystemDirectoryHandle>;
  readonly locks: Pick<LockManager, "request">;
}

/**
 * Decrypted files on their way to where the person saves them: in the browser's private file system, in a folder that
 * belongs to this page as long as it is open. What a page leaves behind goes when the next one opens.
 */
export class PrivateFiles {
  readonly #surroundings: Surroundings;
  readonly #name = newContentId();
  #own: Promise<FileSystemDirectoryHandle> | undefined;
  #held: Promise<void> | undefined;
  #made = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  readonly make: MakePlace = async (size) => {
    let folder: FileSystemDirectoryHandle;
    try {
      folder = await (this.#own ??= this.#open());
    } catch {
      this.#own = undefined;
      return new MemoryPlace(size); // A private window, or a browser that has no such files.
    }
    return await FilePlace.make(folder, String(this.#made++));
  };

  /** Deletes what pages that are gone have left behind. */
  async sweep(): Promise<void> {
    try {
      const all = await this.#all();
      for await (const name of all.keys()) await this.#sweepOne(all, name);
    } catch {
      // Where there are no such files there is nothing to delete.
    }
  }

  async #sweepOne(all: FileSystemDirectoryHandle, name: string): Promise<void> {
    await this.#surroundings.locks.request(LOCK + name, { ifAvailable: true }, async (lock) => {
      if (lock !== null && name !== this.#name) await all.removeEntry(name, { recursive: true });
    });
  }

  async #open(): Promise<FileSystemDirectoryHandle> {
    const all = await this.#all();
    await (this.#held ??= this.#hold());
    return await all.getDirectoryHandle(this.#name, { create: true });
  }

  /** Until the page is gone: as long as it is there, nobody sweeps its folder. */
  async #hold(): Promise<void> {
    await new Promise<void>((held, failed) => {
      this.#surroundings.locks.request(LOCK + this.#name, () => new Promise<never>(() => held())).catch((error: unknown) => {
        this.#held = undefined;
        failed(error);
      });
    });
  }

  async #all(): Promise<FileSystemDirectoryHandle> {
    return await (await this.#surroundings.root()).getDirectoryHandle(FOLDER, { create: true });
  }
}

/** One file of the folder. */
class FilePlace implements Place {
  readonly #folder: FileSystemDirectoryHandle;
  readonly #handle: FileSystemFileHandle;
  readonly #stream: FileSystemWritableFileStream;
  #isOpen = true;

  private constructor(folder: FileSystemDirectoryHandle, handle: FileSystemFileHandle, stream: FileSystemWritableFileStream) {
    this.#folder = folder;
    this.#handle = handle;
    this.#stream = stream;
  }

  static async make(folder: FileSystemDirectoryHandle, name: string): Promise<FilePlace> {
    const handle = await folder.getFileHandle(name, { create: true });
    return new FilePlace(folder, handle, await handle.createWritable());
  }

  async write(octets: Bytes): Promise<void> {
    await this.#stream.write(octets).catch(refuseFull);
  }

  async finish(): Promise<Blob> {
    await this.#close();
    return await this.#handle.getFile();
  }

  async discard(): Promise<void> {
    if (this.#isOpen) await this.#stream.abort().catch(() => undefined);
    this.#isOpen = false;
    await this.#folder.removeEntry(this.#handle.name).catch(() => undefined);
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    await this.#stream.close().catch(refuseFull);
    this.#isOpen = false;
  }
}

function refuseFull(error: unknown): never {
  throw error instanceof DOMException && error.name === "QuotaExceededError" ? new NoRoom() : error;
}

/** Those of this page. */
export const privateFiles = new PrivateFiles({
  root: () => navigator.storage.getDirectory(),
  locks: { request: (...request: Parameters<LockManager["request"]>) => navigator.locks.request(...request) } as LockManager,
});
