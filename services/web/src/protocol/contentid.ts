const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** The id of a new object: 80 random bits as 16 letters and digits (base32, RFC 4648 section 6). */
export function newContentId(): string {
  // 256 is a multiple of 32, so every character is as likely.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (octet) => ALPHABET[octet % 32]).join("");
}
