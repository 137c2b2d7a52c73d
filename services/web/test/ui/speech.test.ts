import assert from "node:assert/strict";
import { test } from "node:test";

import { Speech } from "../../src/ui/speech.ts";
import { SimulatedClock } from "../protocol/simulated.ts";

test("the main person changes after one and a half seconds of speech, not before", async () => {
  const clock = new SimulatedClock();
  const speech = new Speech(clock);
  speech.heard(["a"]);
  await clock.advance(1499);
  assert.equal(speech.mainId.value, undefined);
  await clock.advance(1);
  assert.equal(speech.mainId.value, "a");
});

test("a pause begins the time anew", async () => {
  const clock = new SimulatedClock();
  const speech = new Speech(clock);
  speech.heard(["a"]);
  await clock.advance(1400);
  speech.heard([]);
  speech.heard(["a"]);
  await clock.advance(1400);
  assert.equal(speech.mainId.value, undefined);
  await clock.advance(100);
  assert.equal(speech.mainId.value, "a");
});

test("nobody takes the place of who still speaks", async () => {
  const clock = new SimulatedClock();
  const speech = new Speech(clock);
  speech.heard(["a"]);
  await clock.advance(1500);
  speech.heard(["b", "a"]);
  await clock.advance(5000);
  assert.equal(speech.mainId.value, "a");
  speech.heard(["b"]);
  assert.equal(speech.mainId.value, "b");
});

test("who falls silent stays main until somebody else speaks", async () => {
  const clock = new SimulatedClock();
  const speech = new Speech(clock);
  speech.heard(["a"]);
  await clock.advance(1500);
  speech.heard([]);
  await clock.advance(60_000);
  assert.equal(speech.mainId.value, "a");
});

test("whoever spoke last is first among those who spoke", () => {
  const speech = new Speech(new SimulatedClock());
  for (const heard of [["a"], ["b"], [], ["c", "a"]]) speech.heard(heard);
  assert.deepEqual(speech.recentIds.value, ["c", "a", "b"]);
});

test("nothing changes after it is stopped", async () => {
  const clock = new SimulatedClock();
  const speech = new Speech(clock);
  speech.heard(["a"]);
  speech.stop();
  await clock.advance(5000);
  assert.equal(speech.mainId.value, undefined);
});
