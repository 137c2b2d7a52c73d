import { signal } from "@preact/signals";

import { Download, type DownloadSurroundings } from "./download.ts";
import type { TellFileNews } from "./news.ts";
import { MemoryPlace, type MakePlace } from "./place.ts";
import type { SharedFile } from "./sharedfile.ts";

/** Gives a file to the person under its name. */
export type Save = (blob: Blob, name: string) => void;

export interface SavingSurroundings extends DownloadSurroundings {
  readonly makePlace: MakePlace;
  readonly save: Save;
}

/** How fast the slowest disk is thought to be, octets a millisecond: no browser tells when it has copied a file. */
const SLOWEST_DISK = 5_000;
const SAVING_AT_LEAST_MS = 60_000;
/** What a picture may have to be opened large. */
export const MOST_TO_VIEW = 64 << 20;

/** The files that the person fetches, each by its id. */
export class Downloads {
  readonly #surroundings: SavingSurroundings;
  readonly #tell: TellFileNews;
  /** Those that are on their way, or have failed. */
  readonly underWay = signal<ReadonlyMap<string, Download>>(new Map());
  readonly #viewed = new Set<Download>();

  constructor(surroundings: SavingSurroundings, tell: TellFileNews) {
    this.#surroundings = surroundings;
    this.#tell = tell;
  }

  /** Fetches a file and saves it. */
  fetch(file: SharedFile): void {
    if (this.underWay.peek().has(file.id)) return;
    const download = new Download(file, this.#surroundings, this.#surroundings.makePlace);
    this.underWay.value = new Map(this.underWay.peek()).set(file.id, download);
    download.state.subscribe(({ name }) => {
      if (name === "done") this.#save(download);
      if (name === "failed") this.#failed(download);
      if (name === "done" || name === "cancelled") this.#remove(file.id);
    });
    download.start();
  }

  /** Fetches a picture to be looked at, into memory. Whoever has looked at it cancels it. */
  view(file: SharedFile): Download {
    const download = new Download(file, this.#surroundings, (size) => Promise.resolve(new MemoryPlace(size)));
    this.#viewed.add(download);
    download.state.subscribe(({ name }) => name === "cancelled" && this.#viewed.delete(download));
    download.start();
    return download;
  }

  connected(): void {
    for (const each of [...this.underWay.peek().values(), ...this.#viewed]) each.connected();
  }

  /** Whoever leaves fetches nothing more, and keeps nothing that was not saved. */
  close(): void {
    for (const each of [...this.underWay.peek().values(), ...this.#viewed]) each.cancel();
  }

  /** What was shared is gone, and so is what has come of it. */
  gone(fileId: string): void {
    this.underWay.peek().get(fileId)?.cancel();
  }

  #save(download: Download): void {
    const blob = download.blob.peek();
    if (blob === undefined) return;
    this.#surroundings.save(blob, download.file.name);
    this.#tell({ kind: "received", name: download.file.name });
    const saving = Math.max(SAVING_AT_LEAST_MS, blob.size / SLOWEST_DISK);
    this.#surroundings.clock.after(saving, () => download.discard());
  }

  #failed(download: Download): void {
    download.discard();
    this.#tell({ kind: "notReceived", name: download.file.name });
  }

  #remove(fileId: string): void {
    const rest = new Map(this.underWay.peek());
    rest.delete(fileId);
    this.underWay.value = rest;
  }
}
