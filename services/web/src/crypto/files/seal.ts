import { concatenate, equalBytes, type Bytes } from "../bytes.ts";
import { sha256 } from "../digest.ts";
import { CHAIN_START, chained } from "./chain.ts";
import { associatedDataOf, deriveSegmentKey, newContentKey, newHeader, nonceOf, type Header, type SegmentKey } from "./key.ts";
import { HEADER_SIZE, Layout } from "./layout.ts";

/** A file has other content than when it was first read. */
export class FileChanged extends Error {
  constructor() {
    super("the file has changed while it was being sent");
    this.name = "FileChanged";
  }
}

/** Reads `from` up to `to` of a file's plaintext. */
export type ReadPlain = (from: number, to: number) => Promise<Bytes>;

export interface SealingSecrets {
  readonly contentKey: Bytes;
  readonly header: Header;
}

/**
 * Seals one file, part by part, under a key and header of its own. A part may be asked for again; if its plaintext is
 * another than before, it is not given out: a nonce must never seal two plaintexts.
 */
export class FileSealer {
  readonly layout: Layout;
  readonly contentKey: Bytes;
  readonly #header: Header;
  readonly #key: Promise<SegmentKey>;
  readonly #read: ReadPlain;
  readonly #segmentsInPart: number;
  /** Of each part that was given out, and what stands for it and those before it. */
  readonly #digests: Bytes[] = [];
  readonly #chain: Bytes[] = [CHAIN_START];

  /** partSize: octets, a whole number of segments. */
  constructor(fileId: string, layout: Layout, partSize: number, read: ReadPlain, secrets = newSecrets()) {
    if (partSize <= 0 || partSize % layout.segmentSize !== 0) throw new RangeError("a part holds whole segments");
    this.layout = layout;
    this.contentKey = secrets.contentKey;
    this.#header = secrets.header;
    this.#key = deriveSegmentKey(secrets.contentKey, secrets.header, associatedDataOf(fileId));
    this.#read = read;
    this.#segmentsInPart = partSize / layout.segmentSize;
  }

  get parts(): number {
    return Math.ceil(this.layout.segments / this.#segmentsInPart);
  }

  /** The ciphertext of a part; parts are first asked for in their order. Rejects with FileChanged. */
  async part(number: number): Promise<Bytes> {
    if (number > this.#digests.length || number >= this.parts) throw new RangeError("parts are sealed in their order");
    const first = number * this.#segmentsInPart;
    const end = Math.min(first + this.#segmentsInPart, this.layout.segments);
    const from = this.layout.plainOf(first).from;
    const plain = await this.#read(from, this.layout.plainOf(end - 1).to);
    if (plain.length !== this.layout.plainOf(end - 1).to - from) throw new FileChanged();
    const segments = Array.from({ length: end - first }, (_, place) => this.#segment(first + place, plain, from));
    const sealed = concatenate(...(first === 0 ? [this.#written()] : []), ...(await Promise.all(segments)));
    await this.#remember(number, await sha256(sealed));
    return sealed;
  }

  /** What stands for the first parts; undefined for more than were given out. */
  chainAfter(parts: number): Bytes | undefined {
    return this.#chain[parts];
  }

  async #segment(segment: number, plain: Bytes, offset: number): Promise<Bytes> {
    const { from, to } = this.layout.plainOf(segment);
    const key = await this.#key;
    const iv = nonceOf(key, segment, this.layout.isLast(segment));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key.key, plain.subarray(from - offset, to - offset));
    return new Uint8Array(sealed);
  }

  async #remember(number: number, digest: Bytes): Promise<void> {
    const before = this.#digests[number];
    if (before !== undefined && !equalBytes(before, digest)) throw new FileChanged();
    const chain = this.#chain[number];
    if (before !== undefined || chain === undefined) return;
    this.#digests[number] = digest;
    this.#chain[number + 1] = await chained(chain, digest);
  }

  #written(): Bytes {
    return concatenate(new Uint8Array([HEADER_SIZE]), this.#header.salt, this.#header.noncePrefix);
  }
}

function newSecrets(): SealingSecrets {
  return { contentKey: newContentKey(), header: newHeader() };
}
