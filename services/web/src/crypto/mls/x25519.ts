import { concatenate, type Bytes } from "../bytes.ts";

/** Of private and public keys and of what two of them agree on, bytes (RFC 7748 section 5). */
export const KEY_SIZE = 32;

// RFC 8410 section 7: the PKCS #8 that goes before the 32 bytes of an X25519 private key.
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20);

/** An X25519 public key. What WebCrypto needs of it is made when it is asked for: most keys of a tree are only passed on. */
export class PublicX25519 {
  readonly bytes: () => Promise<Bytes>;
  #key: Promise<CryptoKey> | undefined;

  constructor(bytes: () => Promise<Bytes>) {
    this.bytes = once(bytes);
  }

  /** Throws for bytes that cannot be a key. */
  static of(bytes: Uint8Array): PublicX25519 {
    const copy = copied(bytes);
    return new PublicX25519(async () => copy);
  }

  async key(): Promise<CryptoKey> {
    return await (this.#key ??= this.bytes().then((bytes) => crypto.subtle.importKey("raw", bytes, "X25519", true, [])));
  }
}

/** An X25519 private key, and the public one that belongs to it. */
export class PrivateX25519 {
  readonly bytes: Bytes;
  readonly publicKey = new PublicX25519(() => this.agree(BASE_POINT));
  #key: Promise<CryptoKey> | undefined;

  /** Throws for bytes that cannot be a key. */
  constructor(bytes: Uint8Array) {
    this.bytes = copied(bytes);
  }

  /**
   * What both sides of a key agreement have in common. Rejects for a public key of small order, with which everybody
   * has that in common: WebCrypto refuses an outcome of zeros, as RFC 9180 section 7.1.4 asks.
   */
  async agree(other: PublicX25519): Promise<Bytes> {
    const [key, theirs] = await Promise.all([this.#imported(), other.key()]);
    return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, key, KEY_SIZE * 8));
  }

  async #imported(): Promise<CryptoKey> {
    const pkcs8 = (): Bytes => concatenate(PKCS8, this.bytes);
    return await (this.#key ??= crypto.subtle.importKey("pkcs8", pkcs8(), "X25519", false, ["deriveBits"]));
  }
}

// RFC 7748 section 6.1: a public key is what the private one and 9 agree on.
const BASE_POINT = PublicX25519.of(Uint8Array.of(9, ...new Uint8Array(KEY_SIZE - 1)));

function copied(bytes: Uint8Array): Bytes {
  if (bytes.length !== KEY_SIZE) throw new RangeError(`an X25519 key has ${KEY_SIZE} bytes, not ${bytes.length}`);
  return bytes.slice() as Bytes;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
