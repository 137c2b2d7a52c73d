import assert from "node:assert/strict";
import { test } from "node:test";

import type { LinkFigures } from "../../src/media/linkstatistics.ts";
import { affordable, afterFigures, insisting, NO_AUSTERITY, type Austerity } from "../../src/session/bandwidth.ts";

const WELL: LinkFigures = {
  roundTripMs: 30,
  transport: "udp",
  availableOutgoing: undefined,
  lossUp: 0,
  lossDown: 0,
  jitterMs: 5,
  freezes: 0,
  limitation: "none",
  sending: 0,
  receiving: 0,
};
const UP_BAD = { ...WELL, lossUp: 0.4 };
const DOWN_BAD = { ...WELL, lossDown: 0.3 };

function after(state: Austerity, figures: LinkFigures, seconds: number, cameraOn = true): Austerity {
  let now = state;
  for (let passed = 0; passed < seconds; passed += 2) now = afterFigures(now, figures, 2000, cameraOn);
  return now;
}

test("the camera is paused after six bad seconds, not before, and not when it is off", () => {
  assert.equal(after(NO_AUSTERITY, UP_BAD, 4).cameraPaused, false);
  assert.equal(after(NO_AUSTERITY, UP_BAD, 6).cameraPaused, true);
  assert.equal(after(NO_AUSTERITY, UP_BAD, 6, false).cameraPaused, false);
  assert.equal(after(after(NO_AUSTERITY, UP_BAD, 4), WELL, 2).upBadMs, 0);
});

test("each sign of a narrow way up pauses the camera", () => {
  for (const sign of [{ lossUp: 0.2 }, { roundTripMs: 2000 }, { availableOutgoing: 50_000 }, { roundTripMs: 780, lossUp: 0.04 }]) {
    assert.equal(after(NO_AUSTERITY, { ...WELL, ...sign }, 6).cameraPaused, true, JSON.stringify(sign));
  }
});

test("neither a far way that loses nothing nor a near one that loses a little pauses the camera", () => {
  for (const sign of [{ roundTripMs: 780 }, { lossUp: 0.04 }]) {
    assert.equal(after(NO_AUSTERITY, { ...WELL, ...sign }, 60).cameraPaused, false, JSON.stringify(sign));
  }
});

test("the camera returns after ten good seconds, and then after ever more, so that it does not flap", () => {
  const paused = after(NO_AUSTERITY, UP_BAD, 6);
  assert.equal(after(paused, WELL, 8).cameraPaused, true);
  assert.equal(after(paused, WELL, 10).cameraPaused, false);
  const again = after(after(paused, WELL, 10), UP_BAD, 6);
  assert.equal(after(again, WELL, 18).cameraPaused, true);
  assert.equal(after(again, WELL, 20).cameraPaused, false);
  const steady = after(after(again, WELL, 20), WELL, 120);
  assert.equal(steady.cameraReturnsMs, NO_AUSTERITY.cameraReturnsMs);
});

test("who insists sends the camera for a minute whatever happens", () => {
  const insisted = insisting(after(NO_AUSTERITY, UP_BAD, 6));
  assert.equal(insisted.cameraPaused, false);
  assert.equal(after(insisted, UP_BAD, 58).cameraPaused, false);
  assert.equal(after(insisted, UP_BAD, 62).cameraPaused, true);
});

test("a narrow way down asks for small pictures, then for one, and for all again when it goes well", () => {
  const small = after(NO_AUSTERITY, DOWN_BAD, 6);
  assert.deepEqual([small.receiving, small.cameraPaused], ["small", false]);
  const one = after(small, DOWN_BAD, 6);
  assert.equal(one.receiving, "one");
  const better = after(one, WELL, 10);
  assert.equal(better.receiving, "small");
  assert.equal(after(better, WELL, 18).receiving, "small");
  assert.equal(after(better, WELL, 20).receiving, "all");
});

test("what is asked for is what can be afforded, most wanted first", () => {
  const wishes = [
    { sourceId: "screen", maxHeight: 720 },
    { sourceId: "face", maxHeight: 90 },
  ];
  assert.deepEqual(affordable(wishes, "all"), wishes);
  assert.deepEqual(affordable(wishes, "small"), [{ sourceId: "screen", maxHeight: 180 }, { sourceId: "face", maxHeight: 90 }]);
  assert.deepEqual(affordable(wishes, "one"), [{ sourceId: "screen", maxHeight: 180 }]);
});
