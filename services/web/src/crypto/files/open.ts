import type { Bytes } from "../bytes.ts";
import { associatedDataOf, deriveSegmentKey, nonceOf, type SegmentKey } from "./key.ts";
import { HEADER_SIZE, SALT_SIZE, type Layout } from "./layout.ts";

/** What came is not the file that was shared: cut off, mixed up, changed, or another one. */
export class FileDamaged extends Error {
  constructor() {
    super("the file is damaged or was changed on the way");
    this.name = "FileDamaged";
  }
}

/** Opens one file, segment by segment, in any order once its header is known. */
export class FileOpener {
  readonly layout: Layout;
  readonly #contentKey: Bytes;
  readonly #associatedData: Bytes;
  #key: SegmentKey | undefined;

  /** layout: of the size that whoever shared the file says; any other is refused. */
  constructor(fileId: string, contentKey: Bytes, layout: Layout) {
    this.layout = layout;
    this.#contentKey = contentKey;
    this.#associatedData = associatedDataOf(fileId);
  }

  /**
   * The plaintext of a segment. sealed: its whole ciphertext, with the header if it is the first; the first one is
   * opened first. Rejects with FileDamaged.
   */
  async open(segment: number, sealed: Bytes): Promise<Bytes> {
    const { from, to } = this.layout.sealedOf(segment);
    if (segment >= this.layout.segments || sealed.length !== to - from) throw new FileDamaged();
    if (segment === 0) await this.#takeHeader(sealed);
    if (this.#key === undefined) throw new RangeError("the first segment is opened first: it holds the header");
    const iv = nonceOf(this.#key, segment, this.layout.isLast(segment));
    const ciphertext = segment === 0 ? sealed.subarray(HEADER_SIZE) : sealed;
    try {
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, this.#key.key, ciphertext));
    } catch {
      throw new FileDamaged();
    }
  }

  async #takeHeader(sealed: Bytes): Promise<void> {
    if (sealed[0] !== HEADER_SIZE) throw new FileDamaged();
    const header = { salt: sealed.slice(1, 1 + SALT_SIZE), noncePrefix: sealed.slice(1 + SALT_SIZE, HEADER_SIZE) };
    this.#key = await deriveSegmentKey(this.#contentKey, header, this.#associatedData);
  }
}
