import assert from "node:assert/strict";
import { test } from "node:test";

import { concatenate, type Bytes } from "../../../src/crypto/bytes.ts";
import { sha256 } from "../../../src/crypto/digest.ts";
import { CHAIN_START, chained } from "../../../src/crypto/files/chain.ts";
import { Layout, SEGMENT_SIZE } from "../../../src/crypto/files/layout.ts";
import { FileDamaged, FileOpener } from "../../../src/crypto/files/open.ts";
import { FileChanged, FileSealer } from "../../../src/crypto/files/seal.ts";
import { SeededRandom } from "../random.ts";
import { hex, readVectors, unhex } from "../vectors.ts";

interface Vector {
  readonly fileId: string;
  readonly segmentSize: bigint;
  readonly plainSize: bigint;
  readonly contentKey: string;
  readonly salt: string;
  readonly noncePrefix: string;
  readonly sealedSize: bigint;
  readonly sealedSha256: string;
  readonly sealed?: string;
}

const VECTORS = readVectors<Vector[]>("tink_streaming/aes256-gcm-hkdf.json");
const ID = "abcdefgh22223333";
const SMALL = 64;

async function plainOf({ segmentSize, plainSize }: Vector): Promise<Bytes> {
  const size = Number(plainSize);
  if (segmentSize === 4096n) {
    const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, number) => new TextEncoder().encode(`plain ${number}`));
    return concatenate(...(await Promise.all(blocks.map(sha256)))).slice(0, size);
  }
  return Uint8Array.from({ length: size }, (_, place) => place % 256);
}

const reading = (plain: Bytes) => async (from: number, to: number) => plain.slice(from, to);

async function sealAll(sealer: FileSealer): Promise<Bytes> {
  const parts: Bytes[] = [];
  for (let number = 0; number < sealer.parts; number++) parts.push(await sealer.part(number));
  return concatenate(...parts);
}

async function openAll(opener: FileOpener, sealed: Bytes): Promise<Bytes> {
  const { layout } = opener;
  const segments: Bytes[] = [];
  for (let number = 0; number < layout.segments; number++) {
    const isLast = layout.isLast(number);
    const { from, to } = layout.sealedOf(number);
    segments.push(await opener.open(number, sealed.slice(from, isLast ? Math.max(to, sealed.length) : to)));
  }
  return concatenate(...segments);
}

/** A file of `size` octets in segments of 64, sealed in parts of two. */
async function sealedFile(size: number, id = ID): Promise<{ plain: Bytes; sealer: FileSealer; sealed: Bytes }> {
  const plain = new SeededRandom(size + 1).bytes(size);
  const sealer = new FileSealer(id, new Layout(size, SMALL), 2 * SMALL, reading(plain));
  return { plain, sealer, sealed: await sealAll(sealer) };
}

const openerOf = ({ sealer }: { sealer: FileSealer }, id = ID, size = sealer.layout.plainSize): FileOpener =>
  new FileOpener(id, sealer.contentKey, new Layout(size, SMALL));

for (const vector of VECTORS) {
  const size = Number(vector.segmentSize);
  test(`Tink, segments of ${size}, ${vector.plainSize} octets: sealed as it seals, and opened`, async () => {
    const plain = await plainOf(vector);
    const layout = new Layout(plain.length, size);
    assert.equal(layout.sealedSize, Number(vector.sealedSize));
    const secrets = {
      contentKey: unhex(vector.contentKey),
      header: { salt: unhex(vector.salt), noncePrefix: unhex(vector.noncePrefix) },
    };
    const sealed = await sealAll(new FileSealer(vector.fileId, layout, 4 * size, reading(plain), secrets));
    assert.equal(hex(await sha256(sealed)), vector.sealedSha256);
    if (vector.sealed !== undefined) assert.equal(hex(sealed), vector.sealed);
    const opened = await openAll(new FileOpener(vector.fileId, unhex(vector.contentKey), layout), sealed);
    assert.ok(Buffer.from(opened).equals(plain));
  });
}

test("2 GiB fit, and every segment but the last is whole", () => {
  const layout = new Layout(2 ** 31);
  assert.equal(layout.segments, 2049);
  assert.deepEqual(layout.sealedOf(2047), { from: 2047 * SEGMENT_SIZE, to: 2048 * SEGMENT_SIZE });
  assert.equal(layout.plainOf(2048).to, 2 ** 31);
  assert.equal(layout.sealedOf(2048).to, layout.sealedSize);
});

test("files of every small size come back as they were", async () => {
  for (let size = 0; size < 4 * SMALL; size++) {
    const file = await sealedFile(size);
    assert.equal(file.sealed.length, file.sealer.layout.sealedSize);
    assert.ok(Buffer.from(await openAll(openerOf(file), file.sealed)).equals(file.plain), String(size));
  }
});

test("segments open in any order once the header is known", async () => {
  const file = await sealedFile(500);
  const opener = openerOf(file);
  const { layout } = opener;
  const sealedOf = (number: number): Bytes => file.sealed.slice(layout.sealedOf(number).from, layout.sealedOf(number).to);
  await assert.rejects(opener.open(3, sealedOf(3)), RangeError);
  await opener.open(0, sealedOf(0));
  for (const number of [7, 3, 10, 0, 1]) {
    const { from, to } = layout.plainOf(number);
    assert.deepEqual(await opener.open(number, sealedOf(number)), file.plain.slice(from, to));
  }
});

test("a flipped bit anywhere is refused", async () => {
  const file = await sealedFile(150);
  for (let place = 0; place < file.sealed.length; place++) {
    const flipped = file.sealed.slice();
    flipped[place] = (flipped[place] ?? 0) ^ (1 << (place % 8));
    await assert.rejects(openAll(openerOf(file), flipped), FileDamaged, `octet ${place}`);
  }
});

test("a file that is cut off anywhere is refused, at the end of a segment too, and when its size is understated to fit", async () => {
  const file = await sealedFile(150);
  for (let size = 0; size < file.sealed.length; size++) {
    await assert.rejects(openAll(openerOf(file), file.sealed.slice(0, size)), FileDamaged, `${size} octets`);
  }
  for (let segments = 1; segments < file.sealer.layout.segments; segments++) {
    const size = file.sealer.layout.plainOf(segments - 1).to;
    await assert.rejects(openAll(openerOf(file, ID, size), file.sealed.slice(0, segments * SMALL)), FileDamaged);
  }
});

test("more octets than the file has are refused", async () => {
  const file = await sealedFile(150);
  await assert.rejects(openAll(openerOf(file), concatenate(file.sealed, new Uint8Array(1))), FileDamaged);
});

test("swapped, repeated and foreign segments are refused", async () => {
  const file = await sealedFile(300);
  const other = await sealedFile(300);
  const opener = openerOf(file);
  const of = (from: { sealed: Bytes }, number: number): Bytes => from.sealed.slice(number * SMALL, (number + 1) * SMALL);
  await opener.open(0, of(file, 0));
  await assert.rejects(opener.open(1, of(file, 2)), FileDamaged);
  await assert.rejects(opener.open(2, of(file, 1)), FileDamaged);
  await assert.rejects(opener.open(1, of(other, 1)), FileDamaged);
  await assert.rejects(opener.open(99, of(file, 1)), FileDamaged);
});

test("one file does not pass for another: another id, another key", async () => {
  const file = await sealedFile(150);
  const other = await sealedFile(150);
  await assert.rejects(openAll(openerOf(file, "abcdefgh22223334"), file.sealed), FileDamaged);
  await assert.rejects(openAll(openerOf(file), other.sealed), FileDamaged);
});

test("two files of the same content have nothing in common", async () => {
  const [one, other] = [await sealedFile(150), await sealedFile(150)];
  assert.notDeepEqual(one.sealer.contentKey, other.sealer.contentKey);
  assert.notDeepEqual(one.sealed.slice(1, 40), other.sealed.slice(1, 40));
});

test("a part that is asked for again is the same, unless the file has changed: then it is not given out", async () => {
  const plain = new SeededRandom(9).bytes(400);
  const sealer = new FileSealer(ID, new Layout(400, SMALL), 2 * SMALL, reading(plain));
  const first = await sealer.part(0);
  assert.deepEqual(await sealer.part(0), first);
  await assert.rejects(sealer.part(2), RangeError);
  await sealer.part(1);
  plain[130] = (plain[130] ?? 0) ^ 1;
  await assert.rejects(sealer.part(1), FileChanged);
  assert.deepEqual(await sealer.part(0), first);
});

test("a file that has become shorter is not given out", async () => {
  const sealer = new FileSealer(ID, new Layout(400, SMALL), 2 * SMALL, reading(new Uint8Array(100)));
  await sealer.part(0);
  await assert.rejects(sealer.part(1), FileChanged);
});

test("the chain stands for all parts before it", async () => {
  const { sealer, sealed } = await sealedFile(300);
  let chain = CHAIN_START;
  for (let number = 0; number < sealer.parts; number++) {
    assert.deepEqual(sealer.chainAfter(number), chain);
    chain = await chained(chain, await sha256(sealed.slice(number * 2 * SMALL, (number + 1) * 2 * SMALL)));
  }
  assert.deepEqual(sealer.chainAfter(sealer.parts), chain);
  assert.equal(sealer.chainAfter(sealer.parts + 1), undefined);
});
