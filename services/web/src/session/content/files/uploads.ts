import { signal } from "@preact/signals";

import { newContentId } from "../../../protocol/contentid.ts";
import type { Addressee } from "../chat.ts";
import { interruptedUploads, keepInterrupted } from "./interrupted.ts";
import type { TellFileNews } from "./news.ts";
import { Upload, type UploadSurroundings } from "./upload.ts";

/** The largest file that is sent, octets. */
export const MAX_FILE = 2 ** 31;
/** How many may be on their way at once, as the appliance has it. */
export const MOST_AT_ONCE = 5;

/** A file that was chosen and is not sent. */
export interface Unsent {
  readonly id: string;
  readonly name: string;
  readonly why: "tooLarge" | "interrupted";
}

/** The files that the person sends, in the order in which they were chosen. */
export class Uploads {
  readonly list = signal<readonly Upload[]>([]);
  readonly unsent = signal<readonly Unsent[]>([]);
  readonly #surroundings: UploadSurroundings;

  readonly #tell: TellFileNews;

  constructor(surroundings: UploadSurroundings, tell: TellFileNews) {
    this.#surroundings = surroundings;
    this.#tell = tell;
    this.unsent.value = interruptedUploads().map((name) => ({ id: newContentId(), name, why: "interrupted" }));
  }

  /** Sends files to one person, or to everybody. */
  add(files: Iterable<File>, addressee: Addressee | undefined): void {
    for (const file of files) {
      if (file.size > MAX_FILE) {
        this.unsent.value = [...this.unsent.peek(), { id: newContentId(), name: file.name, why: "tooLarge" }];
        continue;
      }
      // Who chooses it again after a reload sends what was told to be missing.
      this.unsent.value = this.unsent.peek().filter((each) => each.name !== file.name);
      const upload = new Upload(file, addressee, this.#surroundings);
      this.list.value = [...this.list.peek(), upload];
      upload.state.subscribe(({ name }) => {
        if (name === "done") this.#tell({ kind: "sent", name: upload.name });
        if (name === "failed") this.#tell({ kind: "notSent", name: upload.name });
        if (name === "done" || name === "cancelled") this.#remove(upload);
        else this.#startNext();
      });
    }
    this.#remember();
  }

  /** No longer tells of a file that is not sent. */
  dismiss(id: string): void {
    this.unsent.value = this.unsent.peek().filter((each) => each.id !== id);
    this.#remember();
  }

  connected(): void {
    for (const each of this.list.peek()) each.connected();
  }

  /** Whoever leaves sends nothing more. */
  close(): void {
    for (const each of this.list.peek()) each.cancel();
    this.unsent.value = [];
    this.#remember();
  }

  #remove(upload: Upload): void {
    this.list.value = this.list.peek().filter((each) => each !== upload);
    this.#remember();
    this.#startNext();
  }

  /** What is paused, or waits for the network, keeps its place: the appliance counts it. */
  #startNext(): void {
    const names = this.list.peek().map((each) => each.state.peek().name);
    const active = names.filter((each) => each === "running" || each === "paused" || each === "waiting").length;
    const next = active < MOST_AT_ONCE ? this.list.peek()[names.indexOf("queued")] : undefined;
    if (next === undefined) return;
    this.#tell({ kind: "starts", name: next.name });
    next.start();
  }

  #remember(): void {
    const interrupted = this.unsent.peek().filter((each) => each.why === "interrupted");
    keepInterrupted([...interrupted, ...this.list.peek()].map((each) => each.name));
  }
}
