// RFC 9180 appendix A.1.1, and the library's own HPKE as the other side; bytes in tests/vectors/rfc9180_hpke.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { CryptoError } from "ts-mls/mlsError.js";

import { utf8 } from "../../src/crypto/bytes.ts";
import { SUITE } from "../../src/crypto/mls/suite.ts";
import { hex, readVectors, unhex } from "./vectors.ts";

interface Vector {
  readonly info: string;
  readonly ikmR: string;
  readonly skRm: string;
  readonly pkRm: string;
  readonly enc: string;
  readonly encryptions: readonly { readonly aad: string; readonly ct: string; readonly pt: string }[];
  readonly exports: readonly { readonly exporter_context: string; readonly L: bigint; readonly exported_value: string }[];
}

const [VECTOR] = readVectors<[Vector]>("rfc9180_hpke/x25519-sha256-aes128gcm.json");
const { hpke } = SUITE;
const OTHER = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() });
const INFO = utf8("what for");
const AAD = utf8("beside");
const SAID = utf8("hello");

test("a seed gives the key pair of the RFC", async () => {
  const { privateKey, publicKey } = await hpke.deriveKeyPair(unhex(VECTOR.ikmR));
  assert.equal(hex(await hpke.exportPrivateKey(privateKey)), VECTOR.skRm);
  assert.equal(hex(await hpke.exportPublicKey(publicKey)), VECTOR.pkRm);
});

test("the first message of the RFC opens", async () => {
  const key = await hpke.importPrivateKey(unhex(VECTOR.skRm));
  const [{ aad, ct, pt }] = VECTOR.encryptions as [Vector["encryptions"][0]];
  const opened = await hpke.open(key, unhex(VECTOR.enc), unhex(ct), unhex(VECTOR.info), unhex(aad));
  assert.equal(hex(opened), pt);
});

test("what the RFC exports is exported", async () => {
  const key = await hpke.importPrivateKey(unhex(VECTOR.skRm));
  assert.equal(VECTOR.exports.length, 3);
  for (const { exporter_context, L, exported_value } of VECTOR.exports) {
    const [context, enc, info] = [unhex(exporter_context), unhex(VECTOR.enc), unhex(VECTOR.info)];
    assert.equal(hex(await hpke.importSecret(key, context, enc, Number(L), info)), exported_value);
  }
});

test("another implementation opens what is sealed, and the other way round", async () => {
  const { privateKey, publicKey } = await hpke.generateKeyPair();
  const bytes = await hpke.exportPrivateKey(privateKey);
  const theirs = await OTHER.kem.deserializePrivateKey(bytes.slice().buffer);
  const { enc, ct } = await hpke.seal(publicKey, SAID, INFO, AAD);
  const taken = { recipientKey: theirs, enc: enc.slice().buffer, info: INFO.buffer };
  assert.deepEqual(new Uint8Array(await OTHER.open(taken, ct.slice().buffer, AAD.buffer)), SAID);

  const recipientPublicKey = await OTHER.kem.deserializePublicKey((await hpke.exportPublicKey(publicKey)).slice().buffer);
  const made = await OTHER.seal({ recipientPublicKey, info: INFO.buffer }, SAID.buffer, AAD.buffer);
  const opened = await hpke.open(privateKey, new Uint8Array(made.enc), new Uint8Array(made.ct), INFO, AAD);
  assert.deepEqual(opened, SAID);
});

test("both sides of an encapsulation export the same", async () => {
  const { privateKey, publicKey } = await hpke.generateKeyPair();
  const { enc, secret } = await hpke.exportSecret(publicKey, utf8("context"), 48, INFO);
  assert.equal(secret.length, 48);
  assert.deepEqual(await hpke.importSecret(privateKey, utf8("context"), enc, 48, INFO), secret);
});

test("no two encapsulations are alike", async () => {
  const { publicKey } = await hpke.generateKeyPair();
  const made = await Promise.all(Array.from({ length: 20 }, () => hpke.seal(publicKey, SAID, INFO)));
  assert.equal(new Set(made.map(({ enc }) => hex(enc))).size, 20);
  assert.equal(new Set(made.map(({ ct }) => hex(ct))).size, 20);
});

test("a changed bit anywhere is refused", async () => {
  const { privateKey, publicKey } = await hpke.generateKeyPair();
  const { enc, ct } = await hpke.seal(publicKey, SAID, INFO, AAD);
  const parts = { enc, ct, info: INFO, aad: AAD };
  for (const name of ["enc", "ct", "info", "aad"] as const) {
    for (let index = 0; index < parts[name].length; index++) {
      const forged = { ...parts, [name]: parts[name].slice() };
      forged[name][index] = (forged[name][index] ?? 0) ^ 1;
      const opening = hpke.open(privateKey, forged.enc, forged.ct, forged.info, forged.aad);
      await assert.rejects(opening, CryptoError, `${name} ${index}`);
    }
  }
});

// RFC 9180 section 7.1.4. The points are of order 1, 2, 4 and 8 (RFC 7748 section 6.1).
const SMALL = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
];

for (const point of SMALL) {
  test(`a key of small order is refused: ${point.slice(0, 8)}`, async () => {
    const { privateKey } = await hpke.generateKeyPair();
    await assert.rejects(hpke.open(privateKey, unhex(point), new Uint8Array(40), INFO), CryptoError);
    await assert.rejects(async () => hpke.seal(await hpke.importPublicKey(unhex(point)), SAID, INFO));
  });
}

test("what cannot be a key is refused", async () => {
  const { privateKey } = await hpke.generateKeyPair();
  for (const size of [0, 31, 33]) {
    await assert.rejects(hpke.importPrivateKey(new Uint8Array(size)), CryptoError);
    await assert.rejects(hpke.importPublicKey(new Uint8Array(size)), CryptoError);
    await assert.rejects(hpke.open(privateKey, new Uint8Array(size), new Uint8Array(40), INFO), CryptoError);
  }
});
