import assert from "node:assert/strict";
import { test } from "node:test";

import { CounterExhausted, Counters } from "../../src/crypto/keys/counters.ts";
import { Context, encodeKid, parseKid } from "../../src/crypto/keys/kid.ts";
import { ReplayWindow } from "../../src/crypto/keys/replay.ts";
import { ADD_GRACE_MS, EpochRefused, KeyRing, RETENTION_MS } from "../../src/crypto/keys/ring.ts";
import { epochOf, ringAt } from "./epochs.ts";
import { SeededRandom } from "./random.ts";

const PEOPLE = { 0: "anna", 1: "ben" };

test("a KID holds the context, 12 bits of leaf and the low 8 bits of the epoch", () => {
  assert.equal(encodeKid(Context.SCREEN, 0xabc, 0x1234n), 0x2abc34n);
  assert.deepEqual(parseKid(0x2abc34n), { context: Context.SCREEN, leaf: 0xabc, epochBits: 0x34 });
  assert.throws(() => encodeKid(Context.CAMERA, 0x1000, 0n), RangeError);
  for (const unknown of [0x500000n, 0xffff_ffff_ffff_ffffn]) assert.equal(parseKid(unknown), undefined);
});

test("contexts, leaves and epochs never share a KID", () => {
  const seen = new Set<bigint>();
  for (const context of Object.values(Context)) {
    for (const leaf of [0, 1, 255, 256, 4095]) {
      for (const epoch of [0n, 1n, 255n]) seen.add(encodeKid(context, leaf, epoch));
    }
  }
  assert.equal(seen.size, 5 * 5 * 3);
});

test("a replay window takes each counter once, in any order", () => {
  const window = new ReplayWindow();
  const steps: [counter: number, taken: boolean][] = [
    [0, true],
    [0, false],
    [5, true],
    [3, true],
    [3, false],
    [5, false],
    [1023, true],
    [1, true],
    [1024, true],
    [0, false],
    [1, false],
    [2, true],
    [5000, true],
    [3976, false],
    [3977, true],
    [4999, true],
    [4999, false],
  ];
  for (const [counter, taken] of steps) assert.equal(window.take(counter), taken, `counter ${counter}`);
});

test("a replay window takes every new counter that is near the highest, and none twice", () => {
  const random = new SeededRandom(0x5f1);
  const window = new ReplayWindow();
  const taken = new Set<number>();
  let highest = -1;
  let around = 0;
  for (let step = 0; step < 50_000; step++) {
    if (random.below(3) === 0) around += random.below(random.below(50) === 0 ? 3000 : 4);
    const counter = Math.max(0, around + random.below(2200) - 1200);
    const expected = !taken.has(counter) && counter > highest - 1024;
    assert.equal(window.take(counter), expected, `counter ${counter}, highest ${highest}`);
    if (expected) taken.add(counter);
    highest = Math.max(highest, counter);
  }
  assert.ok(taken.size > 5_000);
});

test("each counter of a KID is given once, and none after the last", () => {
  const counters = new Counters(2);
  assert.deepEqual([1n, 1n, 2n, 1n].map((kid) => counters.take(kid)), [0, 1, 0, 2]);
  assert.throws(() => counters.take(1n), CounterExhausted);
  assert.throws(() => counters.take(1n), CounterExhausted);
  assert.equal(counters.take(2n), 1);
});

test("a ring takes each epoch once, in order, of its own group", async () => {
  const ring = await ringAt(7n, 0, PEOPLE);
  for (const number of [7n, 6n, 0n]) {
    const secrets = await epochOf(number, 0, PEOPLE);
    assert.throws(() => ring.install(secrets, 10), EpochRefused, `epoch ${number}`);
  }
  const foreign = await epochOf(8n, 0, PEOPLE, undefined, Uint8Array.of(9));
  assert.throws(() => ring.install(foreign, 10), EpochRefused);
});

test("an epoch stays refused after its keys were dropped", async () => {
  const ring = await ringAt(7n, 0, PEOPLE);
  ring.install(await epochOf(8n, 0, PEOPLE), 10);
  const again = await epochOf(7n, 0, PEOPLE);
  assert.throws(() => ring.install(again, 10 + RETENTION_MS), EpochRefused);
});

test("senders keep the old epoch for a moment when somebody only came", async () => {
  const ring = await ringAt(1n, 0, PEOPLE);
  ring.install(await epochOf(2n, 0, { ...PEOPLE, 2: "cleo" }), 100);
  assert.equal(ring.sending(100 + ADD_GRACE_MS - 1)?.number, 1n);
  assert.equal(ring.sending(100 + ADD_GRACE_MS)?.number, 2n);
});

test("senders switch at once when somebody left, also during the wait for an earlier joiner", async () => {
  const ring = await ringAt(1n, 0, PEOPLE);
  ring.install(await epochOf(2n, 0, { ...PEOPLE, 2: "cleo" }), 100);
  ring.install(await epochOf(3n, 0, { 0: "anna", 2: "cleo" }), 200);
  assert.equal(ring.sending(200)?.number, 3n);
});

test("senders switch at once when a leaf is given to somebody else", async () => {
  const ring = await ringAt(1n, 0, PEOPLE);
  ring.install(await epochOf(2n, 0, { 0: "anna", 1: "cleo" }), 100);
  assert.equal(ring.sending(100)?.number, 2n);
});

test("an old epoch is heard for five seconds and no longer", async () => {
  const ring = await ringAt(1n, 0, PEOPLE);
  ring.install(await epochOf(2n, 0, PEOPLE), 100);
  const old = ring.receiving(1, 100 + RETENTION_MS - 1);
  assert.equal(typeof old === "string" ? old : old.number, 1n);
  assert.equal(ring.receiving(1, 100 + RETENTION_MS), "stale-epoch");
});

test("an old epoch goes when another has its low bits", async () => {
  const ring = await ringAt(1n, 0, PEOPLE);
  ring.install(await epochOf(257n, 0, PEOPLE), 100);
  const found = ring.receiving(1, 100);
  assert.equal(typeof found === "string" ? found : found.number, 257n);
});

test("a ring tells an epoch to come from one that has gone", async () => {
  assert.equal(new KeyRing(Uint8Array.of(1)).receiving(0, 0), "no-key");
  const ring = await ringAt(250n, 0, PEOPLE);
  for (const [bits, expected] of [[251, "future-epoch"], [4, "future-epoch"], [249, "stale-epoch"]] as const) {
    assert.equal(ring.receiving(bits, 0), expected, `${bits}`);
  }
});
