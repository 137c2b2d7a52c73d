import assert from "node:assert/strict";
import { test } from "node:test";

import { SourceKind } from "../../src/gen/conclave/v1/meetings_pb.js";
import { gridScene, inside, peopleOnPage, speakerScene, type Scene } from "../../src/ui/scene.ts";
import { tilesOf } from "../../src/ui/tiles.ts";
import { crowd, LAPTOP, person, PHONE, roster } from "./meeting.ts";

const CORNER = { end: 0, bottom: 0 };
const keys = (scene: Scene): string[] => scene.placed.map(({ tile }) => tile.key);

test("more people than a page holds make pages, and nobody is on two", () => {
  const tiles = tilesOf(roster(...crowd(119), person("me")));
  const pages = [0, 1, 2].map((page) => gridScene(tiles, page, LAPTOP.stage, LAPTOP.window, CORNER));
  assert.deepEqual(pages.map((scene) => [scene.placed.length, scene.page, scene.pages]), [
    [49, 0, 3],
    [49, 1, 3],
    [22, 2, 3],
  ]);
  assert.equal(new Set(pages.flatMap(keys)).size, 120);
});

test("a page past the end is the last one", () => {
  const scene = gridScene(tilesOf(roster(...crowd(50), person("me"))), 9, LAPTOP.stage, LAPTOP.window, CORNER);
  assert.equal(scene.page, 1);
  assert.equal(scene.placed.length, 2);
});

test("tiles leave room beside them for the arrows that turn pages, and stay as large", () => {
  const scene = gridScene(tilesOf(roster(...crowd(60), person("me"))), 0, LAPTOP.stage, LAPTOP.window, CORNER);
  assert.ok(scene.placed.every(({ place }) => place.left >= 56 && place.left + place.width <= LAPTOP.stage.width - 56));
  assert.ok(scene.placed.every(({ place }) => place.width >= 150));
});

test("on a phone the arrows lie below, covered by no tile", () => {
  const scene = gridScene(tilesOf(roster(...crowd(20), person("me"))), 0, PHONE.stage, PHONE.window, CORNER);
  assert.ok(scene.pages > 1);
  assert.ok(scene.placed.every(({ place }) => place.top + place.height <= PHONE.stage.height - 44));
});

test("the narrowest phone shows more than two people on a page", () => {
  const scene = gridScene(tilesOf(roster(...crowd(3), person("me"))), 0, { width: 320, height: 396 }, { width: 320, height: 568 }, CORNER);
  assert.equal(scene.pages, 1);
});

test("on a phone one's own tile floats over the others, lower right", () => {
  const scene = gridScene(tilesOf(roster(...crowd(5), person("me"))), 0, PHONE.stage, PHONE.window, CORNER);
  assert.equal(scene.floatingKey, "me");
  const own = scene.placed.find(({ tile }) => tile.key === "me");
  assert.deepEqual(own?.place, { left: 390 - 92 - 12, top: 672 - 124 - 12, width: 92, height: 124 });
  assert.equal(scene.placed.length, 6);
});

test("alone on a phone one's own tile has the stage", () => {
  const scene = gridScene(tilesOf(roster(person("me"))), 0, PHONE.stage, PHONE.window, CORNER);
  assert.equal(scene.floatingKey, undefined);
  assert.ok((scene.placed[0]?.place.width ?? 0) > 300);
});

test("the floating tile stays on the stage", () => {
  assert.deepEqual(inside({ end: -50, bottom: 5000 }, PHONE.stage), { end: 12, bottom: 672 - 124 - 12 });
  assert.deepEqual(inside({ end: 100, bottom: 80 }, PHONE.stage), { end: 100, bottom: 80 });
});

test("a page's part of the order leaves out screens, and counts oneself where one floats", () => {
  const meeting = roster(person("s", SourceKind.SCREEN), ...crowd(60), person("me"));
  assert.deepEqual(peopleOnPage(tilesOf(meeting), 0, LAPTOP.stage, LAPTOP.window), { first: 0, end: 48 });
  assert.deepEqual(peopleOnPage(tilesOf(meeting), 1, LAPTOP.stage, LAPTOP.window), { first: 48, end: 62 });
  const inTheMiddle = tilesOf(roster(...crowd(4), person("me"), ...crowd(20).slice(4)));
  assert.deepEqual(peopleOnPage(inTheMiddle, 0, PHONE.stage, PHONE.window), { first: 0, end: 11 });
  assert.deepEqual(peopleOnPage(inTheMiddle, 1, PHONE.stage, PHONE.window), { first: 11, end: 21 });
});

test("a full filmstrip keeps oneself and whoever spoke last, in order, and counts the others", () => {
  const tiles = tilesOf(roster(...crowd(12), person("me", SourceKind.CAMERA)));
  const main = tiles.find((tile) => tile.key === "p3");
  const scene = speakerScene(tiles, main, ["p10", "p7"], LAPTOP.stage, LAPTOP.window);
  assert.deepEqual(keys(scene), ["p3", "p0", "p7", "p10", "me"]);
  assert.equal(scene.more?.people.length, 8);
  assert.equal(scene.more?.place.left, 1048);
});

test("a filmstrip with room for all has no cell for more", () => {
  const tiles = tilesOf(roster(...crowd(3), person("me")));
  const scene = speakerScene(tiles, tiles[0], [], LAPTOP.stage, LAPTOP.window);
  assert.equal(scene.more, undefined);
  assert.equal(scene.mainKey, "p0");
});
