import assert from "node:assert/strict";
import { test } from "node:test";

import { videoSlotsFor } from "../../src/media/peer.ts";

for (const [people, slots] of [
  [1, 2],
  [2, 2],
  [4, 6],
  [12, 22],
  [25, 48],
  [100, 48],
  [500, 48],
  [Number.POSITIVE_INFINITY, 48],
] as const) {
  test(`in a room for ${people} a client can show ${slots} pictures at once`, () => {
    assert.equal(videoSlotsFor(people), slots);
  });
}
