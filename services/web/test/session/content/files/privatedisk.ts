/** A browser's private file system in memory, as far as it is used. */
export class PrivateDisk {
  /** Octets that fit on it. */
  room = Number.POSITIVE_INFINITY;
  /** Whether the browser gives pages no files at all. */
  isRefused = false;
  readonly #root = new Folder(this);

  readonly root = (): Promise<FileSystemDirectoryHandle> =>
    this.isRefused ? Promise.reject(new DOMException("", "SecurityError")) : Promise.resolve(this.#root as unknown as FileSystemDirectoryHandle);

  /** The paths of all files. */
  get files(): string[] {
    return this.#root.paths();
  }
}

class Folder {
  readonly #disk: PrivateDisk;
  readonly #entries = new Map<string, Folder | MemoryFile>();

  constructor(disk: PrivateDisk) {
    this.#disk = disk;
  }

  async getDirectoryHandle(name: string, { create }: { create: boolean }): Promise<Folder> {
    const there = this.#entries.get(name) ?? (create ? new Folder(this.#disk) : undefined);
    if (!(there instanceof Folder)) throw new DOMException("", "NotFoundError");
    this.#entries.set(name, there);
    return there;
  }

  async getFileHandle(name: string): Promise<MemoryFile> {
    const there = this.#entries.get(name) ?? new MemoryFile(name, this.#disk);
    if (!(there instanceof MemoryFile)) throw new DOMException("", "TypeMismatchError");
    this.#entries.set(name, there);
    return there;
  }

  async removeEntry(name: string, options?: { recursive: boolean }): Promise<void> {
    const there = this.#entries.get(name);
    if (there === undefined) throw new DOMException("", "NotFoundError");
    const isFull = there instanceof Folder && there.#entries.size > 0;
    if (isFull && options?.recursive !== true) throw new DOMException("", "InvalidModificationError");
    this.#entries.delete(name);
  }

  async *keys(): AsyncIterable<string> {
    yield* [...this.#entries.keys()];
  }

  paths(): string[] {
    return [...this.#entries].flatMap(([name, entry]) =>
      entry instanceof Folder ? entry.paths().map((path) => `${name}/${path}`) : [name],
    );
  }
}

class MemoryFile {
  readonly name: string;
  readonly #disk: PrivateDisk;
  #saved = new Blob();

  constructor(name: string, disk: PrivateDisk) {
    this.name = name;
    this.#disk = disk;
  }

  async createWritable(): Promise<unknown> {
    const written: BlobPart[] = [];
    return {
      write: async (octets: Uint8Array<ArrayBuffer>) => {
        if (octets.length > this.#disk.room) throw new DOMException("", "QuotaExceededError");
        this.#disk.room -= octets.length;
        written.push(octets);
      },
      close: async () => {
        this.#saved = new Blob(written);
      },
      abort: async () => undefined,
    };
  }

  async getFile(): Promise<Blob> {
    return this.#saved;
  }
}
