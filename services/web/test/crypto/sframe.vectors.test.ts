// RFC 9605 appendix C and the draft's AES-256-CTR suites; bytes and sources in tests/vectors/sframe-wg_sframe.
import assert from "node:assert/strict";
import { test } from "node:test";

import { open, seal } from "../../src/crypto/sframe/ciphertext.ts";
import { encodeHeader, parseHeader } from "../../src/crypto/sframe/header.ts";
import { deriveFrameKey, importBaseKey, nonceOf, secretLabel } from "../../src/crypto/sframe/key.ts";
import { aesGcm, type CipherSuite } from "../../src/crypto/sframe/suite.ts";
import { ctrHmac } from "./ctrhmac.ts";
import { hex, readVectors, unhex } from "./vectors.ts";

type Fields<Names extends string> = Readonly<Record<Names, string>> & { readonly cipher_suite: bigint };
type AeadVector = Fields<"key" | "nonce" | "aad" | "pt" | "ct">;
type SFrameVector = Fields<
  "base_key" | "sframe_key_label" | "sframe_salt_label" | "sframe_salt" | "metadata" | "nonce" | "aad" | "pt" | "ct"
> & { readonly kid: bigint; readonly ctr: bigint };
interface HeaderVector {
  readonly kid: bigint;
  readonly ctr: bigint;
  readonly encoded: string;
}

const RFC = readVectors<{ header: HeaderVector[]; aes_ctr_hmac: AeadVector[]; sframe: SFrameVector[] }>(
  "sframe-wg_sframe/test-vectors.json",
);
const DRAFT = readVectors<{ sframe_aes_256_ctr_hmac: SFrameVector[] }>("sframe-wg_sframe/test-vectors-aes256.json");

const SUITES = new Map<bigint, CipherSuite>(
  [
    ctrHmac(1, "SHA-256", { encryption: 16, authentication: 32, tag: 10 }),
    ctrHmac(2, "SHA-256", { encryption: 16, authentication: 32, tag: 8 }),
    ctrHmac(3, "SHA-256", { encryption: 16, authentication: 32, tag: 4 }),
    aesGcm(4, "SHA-256", 16),
    aesGcm(5, "SHA-512", 32),
    ctrHmac(6, "SHA-512", { encryption: 32, authentication: 64, tag: 10 }),
    ctrHmac(7, "SHA-512", { encryption: 32, authentication: 64, tag: 8 }),
    ctrHmac(8, "SHA-512", { encryption: 32, authentication: 64, tag: 4 }),
  ].map((suite) => [BigInt(suite.id), suite]),
);

function suiteOf(vector: { readonly cipher_suite: bigint }): CipherSuite {
  const suite = SUITES.get(vector.cipher_suite);
  assert.ok(suite);
  return suite;
}

test("headers are as in RFC 9605 appendix C.1, both ways", () => {
  assert.equal(RFC.header.length, 289);
  for (const { kid, ctr, encoded } of RFC.header) {
    assert.equal(hex(encodeHeader({ kid, counter: ctr })), encoded);
    assert.deepEqual(parseHeader(unhex(encoded)), { kid, counter: ctr, size: encoded.length / 2 });
    for (let size = 0; size < encoded.length / 2; size++) {
      assert.equal(parseHeader(unhex(encoded).subarray(0, size)), undefined);
    }
  }
});

test("AES-CTR with HMAC is as in RFC 9605 appendix C.2", async () => {
  for (const vector of RFC.aes_ctr_hmac) {
    const aead = await suiteOf(vector).importKey(unhex(vector.key));
    const sealed = await aead.seal(unhex(vector.nonce), unhex(vector.aad), unhex(vector.pt));
    assert.equal(hex(sealed), vector.ct);
  }
});

const whole = [...RFC.sframe, ...DRAFT.sframe_aes_256_ctr_hmac];
assert.equal(whole.length, 8);
for (const vector of whole) {
  const suite = suiteOf(vector);
  test(`suite ${suite.id} is as in RFC 9605 appendix C.3`, async () => {
    const key = await deriveFrameKey(suite, await importBaseKey(unhex(vector.base_key)), vector.kid);
    assert.equal(hex(secretLabel("key", vector.kid, suite)), vector.sframe_key_label);
    assert.equal(hex(secretLabel("salt", vector.kid, suite)), vector.sframe_salt_label);
    assert.equal(hex(key.salt), vector.sframe_salt);
    assert.equal(hex(nonceOf(key.salt, vector.ctr)), vector.nonce);
    const metadata = unhex(vector.metadata);
    assert.equal(hex(encodeHeader({ kid: vector.kid, counter: vector.ctr })) + vector.metadata, vector.aad);
    assert.equal(hex(await seal(key, vector.ctr, metadata, unhex(vector.pt))), vector.ct);
    const ciphertext = unhex(vector.ct);
    const header = parseHeader(ciphertext);
    assert.ok(header);
    assert.equal(hex(await open(key, header, metadata, ciphertext)), vector.pt);
  });

  test(`suite ${suite.id} takes no flipped bit`, async () => {
    const key = await deriveFrameKey(suite, await importBaseKey(unhex(vector.base_key)), vector.kid);
    const signedPart = [...unhex(vector.metadata), ...unhex(vector.ct)];
    const metadataSize = vector.metadata.length / 2;
    for (let bit = 0; bit < signedPart.length * 8; bit++) {
      const flipped = Uint8Array.from(signedPart, (byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const ciphertext = flipped.slice(metadataSize);
      const header = parseHeader(ciphertext);
      if (header === undefined) continue;
      await assert.rejects(open(key, header, flipped.slice(0, metadataSize), ciphertext), `bit ${bit}`);
    }
  });
}
