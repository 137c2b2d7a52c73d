import { computed, signal } from "@preact/signals";

import { equalBytes, type Bytes } from "../../../crypto/bytes.ts";
import { Layout } from "../../../crypto/files/layout.ts";
import { FileChanged, FileSealer } from "../../../crypto/files/seal.ts";
import type { UploadBegun } from "../../../gen/conclave/v1/files_pb.js";
import { ContentKind } from "../../../gen/conclave/v1/content_pb.js";
import { ErrorCode } from "../../../gen/conclave/v1/signalling_pb.js";
import { expect } from "../../../protocol/answers.ts";
import type { Request } from "../../../protocol/connection.ts";
import { newContentId } from "../../../protocol/contentid.ts";
import { SignallingError } from "../../../protocol/errors.ts";
import type { Clock } from "../../../protocol/ports.ts";
import { ignoreFailure, type ContentChannel } from "../channel.ts";
import type { Addressee } from "../chat.ts";
import { cleanName } from "./names.ts";
import { Persistent } from "./persistent.ts";
import type { SentPreview } from "./preview.ts";
import { TransferOutdated, type FileTransport } from "./transport.ts";

export interface UploadSurroundings {
  readonly request: Request;
  readonly channel: Pick<ContentChannel, "share">;
  readonly clock: Clock;
  readonly transport: FileTransport;
  /** A small picture of an image; undefined for what is none. */
  readonly preview: (file: File) => Promise<SentPreview | undefined>;
}

/** One file on its way to the appliance: encrypted and sent part by part, then shared as an object. */
export class Upload {
  /** Of the object that it becomes. */
  readonly id = newContentId();
  readonly file: File;
  readonly name: string;
  /** The one person it is for; undefined for everybody. */
  readonly addressee: Addressee | undefined;
  readonly #sent = signal(0);
  readonly #layout: Layout;
  /** How much of it has been sent, 0 to 1. */
  readonly progress = computed(() => this.#sent.value / this.#layout.sealedSize);
  readonly #surroundings: UploadSurroundings;
  readonly #persistent: Persistent;
  #fileId = newContentId();
  #partSize = 0;
  #sealer: FileSealer | undefined;
  /** What sealed it, once the appliance has all of it. */
  #complete: FileSealer | undefined;
  #preview: Promise<SentPreview | undefined> | undefined;

  constructor(file: File, addressee: Addressee | undefined, surroundings: UploadSurroundings) {
    this.file = file;
    this.name = cleanName(file.name);
    this.addressee = addressee;
    this.#layout = new Layout(file.size);
    this.#surroundings = surroundings;
    this.#persistent = new Persistent((stop, moved) => this.#send(stop, moved), surroundings.clock);
  }

  get state(): Persistent["state"] {
    return this.#persistent.state;
  }

  /** Begins or goes on. What has failed because its file changed begins anew. */
  start(): void {
    const state = this.state.peek();
    if (state.name === "failed" && state.reason instanceof FileChanged) this.#renew();
    this.#persistent.start();
  }

  pause(): void {
    this.#persistent.pause();
  }

  /** Gives it up, and has the appliance delete what it has of it. */
  cancel(): void {
    this.#persistent.cancel();
    if (this.#sealer !== undefined) this.#tellCancelled();
  }

  connected(): void {
    this.#persistent.connected();
  }

  async #send(stop: AbortSignal, moved: () => void): Promise<void> {
    this.#complete ??= await this.#sendParts(stop, moved);
    try {
      // Tried again, it begins here: the object may be there, and only the answer was lost.
      await this.#share(this.#complete);
    } catch (error) {
      if (!(error instanceof SignallingError) || error.code !== ErrorCode.FILE_GONE) throw error;
      // The client was away for so long that the appliance has forgotten what it had sent.
      this.#complete = undefined;
      throw new TransferOutdated();
    }
  }

  async #sendParts(stop: AbortSignal, moved: () => void): Promise<FileSealer> {
    this.#preview ??= this.#surroundings.preview(this.file);
    const begun = await this.#begin();
    stop.throwIfAborted();
    const sealer = this.#sealerFor(begun);
    if (!agree(sealer, begun)) {
      // What the appliance holds under this id is not what was sent: nothing more is sealed with this key.
      this.#tellCancelled();
      this.#renew();
      throw new TransferOutdated();
    }
    for (let number = begun.partsReceived; number < sealer.parts; number++) {
      await this.#sendPart(sealer, number, begun.token as Bytes, stop);
      moved();
    }
    this.#sent.value = this.#layout.sealedSize;
    return sealer;
  }

  async #begin(): Promise<UploadBegun> {
    const size = BigInt(this.#layout.sealedSize);
    const request = { case: "beginUpload", value: { fileId: this.#fileId, size } } as const;
    return expect(await this.#surroundings.request(request), "uploadBegun").value;
  }

  #sealerFor({ partSize, partsReceived }: UploadBegun): FileSealer {
    if (partSize !== this.#partSize || this.#sealer === undefined) {
      // Without the parts that were taken there is nothing to compare them with.
      this.#sealer = new FileSealer(this.#fileId, this.#layout, partSize, (from, to) => this.#read(from, to));
      this.#partSize = partSize;
    }
    this.#sent.value = Math.min(partsReceived * partSize, this.#layout.sealedSize);
    return this.#sealer;
  }

  async #sendPart(sealer: FileSealer, number: number, token: Bytes, stop: AbortSignal): Promise<void> {
    const sealed = await sealer.part(number);
    stop.throwIfAborted();
    const before = number * this.#partSize;
    const progress = (octets: number): void => {
      this.#sent.value = before + octets;
    };
    await this.#surroundings.transport.put({ fileId: this.#fileId, token, number, sealed }, stop, progress);
    this.#sent.value = before + sealed.length;
  }

  async #share({ contentKey }: FileSealer): Promise<void> {
    const [fileId, name, mediaType, size] = [this.#fileId, this.name, this.file.type, BigInt(this.file.size)];
    const preview = await this.#preview;
    const value = { fileId, name, mediaType, size, contentKey, ...(preview === undefined ? {} : { preview }) };
    await this.#surroundings.channel.share({
      kind: ContentKind.FILE,
      id: this.id,
      revision: 1,
      content: { case: "file", value },
      recipientId: this.addressee?.id ?? "",
      fileIds: [fileId],
    });
  }

  async #read(from: number, to: number): Promise<Bytes> {
    try {
      return new Uint8Array(await this.file.slice(from, to).arrayBuffer());
    } catch {
      throw new FileChanged(); // Browsers refuse to read a file that was changed or removed since it was chosen.
    }
  }

  #renew(): void {
    this.#fileId = newContentId();
    this.#sealer = undefined;
    this.#sent.value = 0;
  }

  #tellCancelled(): void {
    const request = { case: "cancelUpload", value: { fileId: this.#fileId } } as const;
    this.#surroundings.request(request).catch(ignoreFailure); // What is not completed goes by itself.
  }
}

function agree(sealer: FileSealer, { partsReceived, chain }: UploadBegun): boolean {
  const own = sealer.chainAfter(partsReceived);
  return own !== undefined && equalBytes(own, chain);
}
