import assert from "node:assert/strict";
import { test } from "node:test";

import { gridScene, speakerScene } from "../../src/ui/scene.ts";
import { neighbourOf, type Direction } from "../../src/ui/steps.ts";
import { tilesOf } from "../../src/ui/tiles.ts";
import { crowd, LAPTOP, person, roster } from "./meeting.ts";

// Seven people stand 3, 3 and 1: p0 p1 p2 / p3 p4 p5 / me, which is in the middle.
const SEVEN = gridScene(tilesOf(roster(...crowd(6), person("me"))), 0, LAPTOP.stage, LAPTOP.window, { end: 0, bottom: 0 });
const STEPS: readonly [from: string, direction: Direction, to: string | undefined][] = [
  ["p0", "right", "p1"],
  ["p1", "left", "p0"],
  ["p1", "down", "p4"],
  ["p4", "down", "me"],
  ["p3", "down", "me"],
  ["me", "up", "p4"],
  ["p5", "up", "p2"],
  ["p2", "right", undefined],
  ["p0", "up", undefined],
];

for (const [from, direction, to] of STEPS) {
  test(`${direction} of ${from} is ${to ?? "the edge"}`, () => {
    assert.equal(neighbourOf(SEVEN.placed, from, direction), to);
  });
}

test("arrows go between the large tile and the filmstrip", () => {
  const tiles = tilesOf(roster(...crowd(4), person("me")));
  const { placed } = speakerScene(tiles, tiles[0], [], LAPTOP.stage, LAPTOP.window);
  const beside = neighbourOf(placed, "p0", "right") ?? "";
  assert.ok(["p1", "p2", "p3", "me"].includes(beside));
  assert.equal(neighbourOf(placed, beside, "left"), "p0");
  assert.equal(neighbourOf(placed, "p1", "down"), "p2");
});
