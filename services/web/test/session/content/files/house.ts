import { create, type MessageInitShape } from "@bufbuild/protobuf";

import { bigEndian, concatenate, type Bytes } from "../../../../src/crypto/bytes.ts";
import { sha256 } from "../../../../src/crypto/digest.ts";
import { CHAIN_START, chained } from "../../../../src/crypto/files/chain.ts";
import { ErrorCode, ServerMessageSchema } from "../../../../src/gen/conclave/v1/signalling_pb.js";
import type { AnswerBody, Request, RequestBody } from "../../../../src/protocol/connection.ts";
import { ConnectionLost, SignallingError } from "../../../../src/protocol/errors.ts";
import type { Shared } from "../../../../src/session/content/channel.ts";
import type { Place } from "../../../../src/session/content/files/place.ts";
import { TransferLost, TransferOutdated, type FileTransport } from "../../../../src/session/content/files/transport.ts";
import type { UploadSurroundings } from "../../../../src/session/content/files/upload.ts";
import { SeededRandom } from "../../../crypto/random.ts";
import { SimulatedClock } from "../../../protocol/simulated.ts";

export const MIB = 1 << 20;
export const PART = MIB;
const PIECE = 300_000;
const BLOCK = new SeededRandom(1).bytes(1 << 16);

interface Kept {
  readonly size: number;
  parts: Bytes[];
  token: number;
}

/** An appliance that takes files and gives them, as far as a client sees it, and fails when a test wants it to. */
export class FileHouse implements FileTransport {
  readonly clock = new SimulatedClock();
  readonly files = new Map<string, Kept>();
  readonly shared: Shared[] = [];
  readonly cancelled: string[] = [];
  isOnline = true;
  /** Called before each part is taken; it may throw. */
  beforePart: (number: number, fileId: string) => void = () => undefined;
  /** Called before an upload begins or goes on. */
  beforeBegin: (fileId: string) => void = () => undefined;
  /** Called before an object is shared, and after it: what it throws is all that is heard of the answer. */
  beforeShare: () => void = () => undefined;
  afterShare: () => void = () => undefined;
  /** Whether parts hang on a connection that is lost, though nobody has noticed: no answer, no failure. */
  isDeaf = false;
  /** Octets of a file after which a reader loses the connection, once. */
  loseAfter: number | undefined;
  /** From where files were read. */
  readonly readFrom: number[] = [];
  #tokens = 0;

  readonly request: Request = async (body: RequestBody): Promise<AnswerBody> => {
    if (!this.isOnline) throw new ConnectionLost();
    return create(ServerMessageSchema, { body: await this.#answer(body) } as MessageInitShape<typeof ServerMessageSchema>).body;
  };

  get surroundings(): UploadSurroundings {
    const share = async (object: Shared): Promise<void> => {
      if (!this.isOnline) throw new ConnectionLost();
      this.beforeShare();
      if (!this.files.has(object.fileIds?.[0] ?? "")) throw new SignallingError(ErrorCode.FILE_GONE, "it was not sent");
      if (this.shared.every(({ id }) => id !== object.id)) this.shared.push(object);
      this.afterShare();
    };
    const { request, clock } = this;
    return { request, channel: { share }, clock, transport: this, preview: () => Promise.resolve(undefined) };
  }

  put({ fileId, token, number, sealed }: Parameters<FileTransport["put"]>[0], stop: AbortSignal): Promise<void> {
    try {
      this.beforePart(number, fileId);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    if (stop.aborted || !this.isOnline) return Promise.reject(new TransferLost());
    if (this.isDeaf) return new Promise((_, reject) => stop.addEventListener("abort", () => reject(new TransferLost())));
    const kept = this.files.get(fileId);
    if (token[0] !== kept?.token || number !== kept?.parts.length) return Promise.reject(new TransferOutdated());
    kept.parts.push(sealed);
    return Promise.resolve();
  }

  async *read(fileId: string, _token: Bytes, offset: number): AsyncIterable<Bytes> {
    this.readFrom.push(offset);
    const whole = this.sealed(fileId);
    for (let from = offset; from < whole.length; from += PIECE) {
      if (this.loseAfter !== undefined && from > this.loseAfter) {
        this.loseAfter = undefined;
        throw new TransferLost();
      }
      yield whole.slice(from, from + PIECE);
    }
  }

  /** The ciphertext of a file, as it lies there. */
  sealed(fileId: string): Bytes {
    return concatenate(...(this.files.get(fileId)?.parts ?? []));
  }

  /** Has what lies under one id lie under another too. */
  copy(from: string, to: string): void {
    const kept = this.files.get(from);
    if (kept !== undefined) this.files.set(to, kept);
  }

  /** Waits while time passes. */
  until(holds: () => boolean): Promise<void> {
    return this.clock.until(holds, 50);
  }

  async #answer(body: RequestBody) {
    const token = new Uint8Array([++this.#tokens]);
    switch (body.case) {
      case "beginUpload": {
        const { fileId = "", size = 0n } = body.value;
        this.beforeBegin(fileId);
        if (this.shared.some(({ fileIds }) => fileIds?.includes(fileId))) {
          throw new SignallingError(ErrorCode.INVALID_REQUEST, "this file is shared already");
        }
        const kept = this.files.get(fileId) ?? { size: Number(size), parts: [], token: 0 };
        this.files.set(fileId, Object.assign(kept, { token: this.#tokens }));
        const [partsReceived, chain] = [kept.parts.length, await chainOf(kept.parts)];
        return { case: "uploadBegun", value: { token, partSize: PART, partsReceived, chain } } as const;
      }
      case "cancelUpload":
        this.cancelled.push(body.value.fileId ?? "");
        this.files.delete(body.value.fileId ?? "");
        return { case: "ack", value: {} } as const;
      case "openFile": {
        const { fileId = "" } = body.value;
        if (!this.files.has(fileId)) throw new SignallingError(ErrorCode.FILE_GONE, "there is no such file");
        return { case: "fileTicket", value: { token, size: BigInt(this.sealed(fileId).length) } } as const;
      }
      default:
        throw new Error(`unexpected ${body.case}`);
    }
  }
}

async function chainOf(parts: readonly Bytes[]): Promise<Bytes> {
  let chain = CHAIN_START;
  for (const part of parts) chain = await chained(chain, await sha256(part));
  return chain;
}

/** A place that tells what became of it. */
export class KeptPlace implements Place {
  pieces: Bytes[] = [];
  discarded = false;
  /** Called after each piece. */
  written: (place: KeptPlace) => void = () => undefined;
  /** Called before all of it is given. */
  finishing: () => void = () => undefined;

  write(octets: Bytes): Promise<void> {
    this.pieces.push(octets);
    this.written(this);
    return Promise.resolve();
  }

  finish(): Promise<Blob> {
    this.finishing();
    return Promise.resolve(new Blob(this.pieces));
  }

  discard(): Promise<void> {
    this.discarded = true;
    this.pieces = [];
    return Promise.resolve();
  }
}

/** So many octets, no block of which is as another. */
export function plainOf(size: number): Bytes {
  const plain = new Uint8Array(size);
  for (let at = 0; at < size; at += BLOCK.length) {
    plain.set(BLOCK.subarray(0, size - at), at);
    plain.set(bigEndian(BigInt(at), 8).subarray(0, size - at), at);
  }
  return plain;
}

/** A file that a page was given, whose content a test may change. */
export function fileOf(plain: Bytes, name = "pack.pdf"): File {
  const file = new File([], name, { type: "application/pdf" });
  return Object.defineProperties(file, {
    size: { value: plain.length, configurable: true },
    slice: { value: (from: number, to: number) => new Blob([plain.slice(from, to)]) },
  });
}
