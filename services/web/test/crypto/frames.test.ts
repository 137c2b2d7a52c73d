import assert from "node:assert/strict";
import { test } from "node:test";

import type { Bytes } from "../../src/crypto/bytes.ts";
import type { Codec } from "../../src/crypto/frames/clear.ts";
import { openFrame, type Announced, type Opening } from "../../src/crypto/frames/open.ts";
import { sealFrame } from "../../src/crypto/frames/seal.ts";
import { Context } from "../../src/crypto/keys/kid.ts";
import { KeyRing, RETENTION_MS } from "../../src/crypto/keys/ring.ts";
import { epochOf, GROUP, ringAt } from "./epochs.ts";
import { SeededRandom } from "./random.ts";
import { hex } from "./vectors.ts";

const PEOPLE = { 0: "anna", 1: "ben", 2: "cleo" };
const CAMERA: Announced = { participantId: "anna", context: Context.CAMERA };
const MICROPHONE: Announced = { participantId: "anna", context: Context.MICROPHONE };

/** Frames as encoders make them: the first byte of VP8 tells key from delta frames. */
const random = new SeededRandom(0xf4a);
const FRAMES: [codec: Codec, name: string, frame: Bytes, clear: number][] = [
  ["vp8", "key frame", Uint8Array.of(0x50, 1, 2, 0x9d, 0x01, 0x2a, 128, 2, 104, 1, ...random.bytes(40)), 10],
  ["vp8", "delta frame", Uint8Array.of(0x31, 7, 8, ...random.bytes(20)), 3],
  ["vp8", "smallest delta frame", Uint8Array.of(0x31, 7, 8), 3],
  ["vp9", "frame", Uint8Array.of(0x82, 0x49, 0x83, ...random.bytes(20)), 0],
  ["opus", "frame", Uint8Array.of(0x78, ...random.bytes(20)), 0],
  ["opus", "silence", Uint8Array.of(0xf8), 0],
];

async function sealed(ring: KeyRing, context: Context, codec: Codec, frame: Bytes, nowMs = 0): Promise<Bytes> {
  const result = await sealFrame(ring, context, codec, frame, nowMs);
  assert.notEqual(typeof result, "string", `not sealed: ${String(result)}`);
  return result as Bytes;
}

async function refusal(opening: Promise<Opening>): Promise<string | undefined> {
  return (await opening).refused;
}

for (const [codec, name, frame, clear] of FRAMES) {
  test(`a ${codec} ${name} is readable for members only, its clear bytes for all`, async () => {
    const [anna, ben] = [await ringAt(1n, 0, PEOPLE), await ringAt(1n, 1, PEOPLE)];
    const onTheWire = await sealed(anna, Context.CAMERA, codec, frame);
    assert.equal(hex(onTheWire.subarray(0, clear)), hex(frame.subarray(0, clear)));
    // Header (4 bytes of KID and counter here) and tag are all that is added.
    assert.equal(onTheWire.length, frame.length + 4 + 16);
    const opened = await openFrame(ben, CAMERA, codec, onTheWire, 0);
    assert.ok(opened.refused === undefined);
    assert.equal(hex(opened.frame), hex(frame));
    assert.equal(opened.member.participantId, "anna");
    assert.equal(opened.context, Context.CAMERA);
  });

  test(`a ${codec} ${name} with a flipped bit anywhere is refused`, async () => {
    const [anna, ben] = [await ringAt(1n, 0, PEOPLE), await ringAt(1n, 1, PEOPLE)];
    const onTheWire = await sealed(anna, Context.CAMERA, codec, frame);
    for (let bit = 0; bit < onTheWire.length * 8; bit++) {
      const flipped = onTheWire.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.notEqual(await refusal(openFrame(ben, CAMERA, codec, flipped, 0)), undefined, `bit ${bit}`);
    }
    assert.equal(await refusal(openFrame(ben, CAMERA, codec, onTheWire, 0)), undefined, "forgeries used it up");
  });

  test(`a ${codec} ${name} cut at any length is refused`, async () => {
    const [anna, ben] = [await ringAt(1n, 0, PEOPLE), await ringAt(1n, 1, PEOPLE)];
    const onTheWire = await sealed(anna, Context.CAMERA, codec, frame);
    for (let size = 0; size < onTheWire.length; size++) {
      const cut = onTheWire.slice(0, size);
      assert.notEqual(await refusal(openFrame(ben, CAMERA, codec, cut, 0)), undefined, `${size} bytes`);
    }
  });
}

test("a sender without keys sends nothing, and no frame that ends within its clear bytes", async () => {
  const frame = Uint8Array.of(0x31, 1, 2, 3);
  assert.equal(await sealFrame(new KeyRing(GROUP), Context.CAMERA, "vp8", frame, 0), "no-key");
  const ring = await ringAt(1n, 0, PEOPLE);
  for (const size of [0, 1, 2]) {
    assert.equal(await sealFrame(ring, Context.CAMERA, "vp8", frame.slice(0, size), 0), "malformed");
  }
});

test("a replayed frame is refused, also when both copies come at once", async () => {
  const [anna, ben] = [await ringAt(1n, 0, PEOPLE), await ringAt(1n, 1, PEOPLE)];
  const frame = await sealed(anna, Context.MICROPHONE, "opus", Uint8Array.of(1, 2, 3));
  const both = await Promise.all([1, 2].map(() => refusal(openFrame(ben, MICROPHONE, "opus", frame, 0))));
  assert.deepEqual(both.sort(), ["replayed", undefined]);
  assert.equal(await refusal(openFrame(ben, MICROPHONE, "opus", frame, 0)), "replayed");
});

test("a frame is not replayed into a later epoch that has its low bits", async () => {
  const [anna, ben] = [await ringAt(1n, 0, PEOPLE), await ringAt(1n, 1, PEOPLE)];
  const frame = await sealed(anna, Context.MICROPHONE, "opus", Uint8Array.of(1, 2, 3));
  ben.install(await epochOf(257n, 1, PEOPLE, new Uint8Array(32).fill(77)), 0);
  assert.equal(await refusal(openFrame(ben, MICROPHONE, "opus", frame, 0)), "forged");
});

test("a frame of another meeting is refused", async () => {
  const anna = await ringAt(1n, 0, PEOPLE, new Uint8Array(32).fill(1));
  const ben = await ringAt(1n, 1, PEOPLE, new Uint8Array(32).fill(2));
  const frame = await sealed(anna, Context.MICROPHONE, "opus", Uint8Array.of(1, 2, 3));
  assert.equal(await refusal(openFrame(ben, MICROPHONE, "opus", frame, 0)), "forged");
});

test("a slot plays only the source that it announces", async () => {
  const [anna, ben] = [await ringAt(1n, 0, PEOPLE), await ringAt(1n, 1, PEOPLE)];
  const frame = await sealed(anna, Context.MICROPHONE, "opus", Uint8Array.of(1, 2, 3));
  const others: Announced[] = [
    { participantId: "cleo", context: Context.MICROPHONE },
    { participantId: "anna", context: Context.SCREEN_AUDIO },
  ];
  for (const other of others) assert.equal(await refusal(openFrame(ben, other, "opus", frame, 0)), "wrong-source");
  assert.equal(await refusal(openFrame(ben, MICROPHONE, "opus", frame, 0)), undefined);
});

test("an old epoch is heard for a moment, a new one before its commit is not", async () => {
  const [anna, ben] = [await ringAt(1n, 0, PEOPLE), await ringAt(1n, 1, PEOPLE)];
  const old = [1, 2].map((byte) => sealed(anna, Context.MICROPHONE, "opus", Uint8Array.of(byte)));
  anna.install(await epochOf(2n, 0, { 0: "anna", 1: "ben" }), 0);
  const next = await sealed(anna, Context.MICROPHONE, "opus", Uint8Array.of(3));
  assert.equal(await refusal(openFrame(ben, MICROPHONE, "opus", next, 0)), "future-epoch");
  ben.install(await epochOf(2n, 1, { 0: "anna", 1: "ben" }), 0);
  const [first, second] = await Promise.all(old);
  assert.ok(first && second);
  assert.equal(await refusal(openFrame(ben, MICROPHONE, "opus", next, 0)), undefined);
  assert.equal(await refusal(openFrame(ben, MICROPHONE, "opus", first, RETENTION_MS - 1)), undefined);
  assert.equal(await refusal(openFrame(ben, MICROPHONE, "opus", second, RETENTION_MS)), "stale-epoch");
});

test("who was removed is not heard any more, not even under the old keys", async () => {
  const [anna, ben] = [await ringAt(1n, 0, PEOPLE), await ringAt(1n, 1, PEOPLE)];
  const frame = await sealed(anna, Context.MICROPHONE, "opus", Uint8Array.of(1));
  ben.install(await epochOf(2n, 1, { 1: "ben", 2: "cleo" }), 0);
  assert.equal(await refusal(openFrame(ben, MICROPHONE, "opus", frame, 0)), "not-a-member");
});

test("who was removed reads nothing that is sent afterwards", async () => {
  const [anna, cleo] = [await ringAt(1n, 0, PEOPLE), await ringAt(1n, 2, PEOPLE)];
  anna.install(await epochOf(2n, 0, { 0: "anna", 1: "ben" }), 0);
  const frame = await sealed(anna, Context.MICROPHONE, "opus", Uint8Array.of(1));
  assert.equal(await refusal(openFrame(cleo, MICROPHONE, "opus", frame, 0)), "future-epoch");
  // Even a modified client, which tries what it has under the new epoch's name.
  const modified = await ringAt(2n, 2, PEOPLE, new Uint8Array(32).fill(1));
  assert.equal(await refusal(openFrame(modified, MICROPHONE, "opus", frame, 0)), "forged");
});

test("a late joiner reads nothing that was sent before", async () => {
  const anna = await ringAt(1n, 0, PEOPLE);
  const frame = await sealed(anna, Context.MICROPHONE, "opus", Uint8Array.of(1));
  const late = await ringAt(2n, 3, { ...PEOPLE, 3: "dora" });
  assert.equal(await refusal(openFrame(late, MICROPHONE, "opus", frame, 0)), "stale-epoch");
});

test("a frame from a leaf that nobody has is refused", async () => {
  const stranger = await ringAt(1n, 9, { ...PEOPLE, 9: "mallory" });
  const frame = await sealed(stranger, Context.MICROPHONE, "opus", Uint8Array.of(1));
  const ben = await ringAt(1n, 1, PEOPLE);
  const announced = { participantId: "mallory", context: Context.MICROPHONE };
  assert.equal(await refusal(openFrame(ben, announced, "opus", frame, 0)), "not-a-member");
});
