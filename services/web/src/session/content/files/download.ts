import { computed, signal } from "@preact/signals";

import { concatenate, type Bytes } from "../../../crypto/bytes.ts";
import { Layout } from "../../../crypto/files/layout.ts";
import { FileDamaged, FileOpener } from "../../../crypto/files/open.ts";
import { expect } from "../../../protocol/answers.ts";
import type { Request } from "../../../protocol/connection.ts";
import type { Clock } from "../../../protocol/ports.ts";
import { Persistent } from "./persistent.ts";
import type { MakePlace, Place } from "./place.ts";
import type { SharedFile } from "./sharedfile.ts";
import { TransferLost, type FileTransport } from "./transport.ts";

export interface DownloadSurroundings {
  readonly request: Request;
  readonly clock: Clock;
  readonly transport: FileTransport;
}

/** One file on its way from the appliance: fetched, decrypted and checked segment by segment. */
export class Download {
  readonly file: SharedFile;
  /** The file as it was shared, once all of it has come and has proved whole. */
  readonly blob = signal<Blob | undefined>(undefined);
  readonly #opened = signal(0);
  readonly #opener: FileOpener;
  /** How much of it has come, 0 to 1. */
  readonly progress = computed(() => this.#opened.value / this.#opener.layout.segments);
  readonly #surroundings: DownloadSurroundings;
  readonly #makePlace: MakePlace;
  readonly #persistent: Persistent;
  #place: Place | undefined;

  constructor(file: SharedFile, surroundings: DownloadSurroundings, makePlace: MakePlace) {
    this.file = file;
    this.#opener = new FileOpener(file.id, file.contentKey, new Layout(file.size));
    this.#surroundings = surroundings;
    this.#makePlace = makePlace;
    this.#persistent = new Persistent((stop, moved) => this.#fetch(stop, moved), surroundings.clock);
  }

  get state(): Persistent["state"] {
    return this.#persistent.state;
  }

  /** Begins or goes on; after a failure from the start. */
  start(): void {
    if (this.state.peek().name === "failed") this.discard();
    this.#persistent.start();
  }

  pause(): void {
    this.#persistent.pause();
  }

  cancel(): void {
    this.#persistent.cancel();
    this.discard();
  }

  connected(): void {
    this.#persistent.connected();
  }

  /** Deletes what has come of it from this device. */
  discard(): void {
    void this.#place?.discard();
    this.#place = undefined;
    this.#opened.value = 0;
    this.blob.value = undefined;
  }

  async #fetch(stop: AbortSignal, moved: () => void): Promise<void> {
    // Stopped after its last segment, nothing is left to be read.
    if (this.#opened.peek() < this.#opener.layout.segments) await this.#read(stop, moved);
    const blob = await this.#place?.finish();
    stop.throwIfAborted();
    this.blob.value = blob;
  }

  async #read(stop: AbortSignal, moved: () => void): Promise<void> {
    const { request, transport } = this.#surroundings;
    const { layout } = this.#opener;
    const asked = { case: "openFile", value: { fileId: this.file.id } } as const;
    const { token, size } = expect(await request(asked), "fileTicket").value;
    if (size !== BigInt(layout.sealedSize)) throw new FileDamaged();
    const place = await this.#placeUnless(stop);
    const offset = layout.sealedOf(this.#opened.peek()).from;
    const pieces = transport.read(this.file.id, token as Bytes, offset, stop);
    for await (const sealed of this.#segments(pieces)) {
      const plain = await this.#opener.open(this.#opened.peek(), sealed);
      stop.throwIfAborted();
      await place.write(plain);
      this.#opened.value += 1;
      moved();
    }
    if (this.#opened.peek() < layout.segments) throw new TransferLost();
  }

  async #placeUnless(stop: AbortSignal): Promise<Place> {
    if (this.#place !== undefined) return this.#place;
    const place = await this.#makePlace(this.file.size);
    if (stop.aborted) await place.discard();
    stop.throwIfAborted();
    this.#place = place;
    return place;
  }

  /** The pieces cut into whole segments, from the first one that has not been opened; one too many is damage. */
  async *#segments(pieces: AsyncIterable<Bytes>): AsyncIterable<Bytes> {
    const { layout } = this.#opener;
    let waiting: Bytes[] = [];
    let octets = 0;
    let segment = this.#opened.peek();
    for await (const piece of pieces) {
      waiting.push(piece);
      octets += piece.length;
      for (let size = sizeOf(layout, segment); octets >= size && octets > 0; size = sizeOf(layout, segment)) {
        if (segment >= layout.segments) throw new FileDamaged();
        const gathered = concatenate(...waiting);
        yield gathered.slice(0, size);
        waiting = [gathered.subarray(size)];
        octets -= size;
        segment += 1;
      }
    }
  }
}

/** The octets of a segment's ciphertext; 0 after the last one. */
function sizeOf(layout: Layout, segment: number): number {
  const { from, to } = layout.sealedOf(segment);
  return Math.max(0, to - from);
}
