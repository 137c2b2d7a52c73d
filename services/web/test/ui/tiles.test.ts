import assert from "node:assert/strict";
import { test } from "node:test";

import { SourceKind } from "../../src/gen/conclave/v1/meetings_pb.js";
import { gridScene, speakerScene } from "../../src/ui/scene.ts";
import { mainTile, tilesOf, wishesFor, type Tile } from "../../src/ui/tiles.ts";
import { LAPTOP, person, roster } from "./meeting.ts";

const { CAMERA, SCREEN } = SourceKind;
const grid = (tiles: readonly Tile[]) => gridScene(tiles, 0, LAPTOP.stage, LAPTOP.window, { end: 0, bottom: 0 }).placed;
const speaker = (tiles: readonly Tile[], main: Tile | undefined) =>
  speakerScene(tiles, main, [], LAPTOP.stage, LAPTOP.window).placed;

test("a shared screen is a tile of its own, and large unless it is one's own", () => {
  const tiles = tilesOf(roster(person("a", CAMERA, SCREEN), person("me", CAMERA)));
  assert.deepEqual(tiles.map((tile) => tile.key), ["a/screen", "a", "me"]);
  assert.equal(mainTile(tiles, undefined, undefined)?.key, "a/screen");
  assert.equal(mainTile(tilesOf(roster(person("me", CAMERA, SCREEN), person("b"))), undefined, undefined)?.key, "b");
});

test("a shared screen beats a pin, which beats who speaks", () => {
  const people = [person("b", CAMERA), person("c", CAMERA), person("me")];
  assert.equal(mainTile(tilesOf(roster(person("a", SCREEN), ...people)), "b", "c")?.key, "a/screen");
  assert.equal(mainTile(tilesOf(roster(...people)), "b", "c")?.key, "b");
  assert.equal(mainTile(tilesOf(roster(...people)), undefined, "c")?.key, "c");
});

test("of two shared screens the pinned one is large", () => {
  const tiles = tilesOf(roster(person("a", SCREEN), person("b", SCREEN), person("me")));
  assert.equal(mainTile(tiles, "b/screen", undefined)?.key, "b/screen");
});

test("people stand in the order that is given, after the screens", () => {
  const tiles = tilesOf(roster(person("a"), person("b", SCREEN), person("me")), ["me", "b", "a"]);
  assert.deepEqual(tiles.map((tile) => tile.key), ["b/screen", "me", "b", "a"]);
});

test("one's own picture and cameras that are off are not asked for", () => {
  const tiles = tilesOf(roster(person("a", CAMERA), person("b"), person("me", CAMERA)));
  assert.deepEqual(wishesFor(grid(tiles), undefined, [], 1).map((wish) => wish.sourceId), ["a/camera"]);
});

test("an enlarged tile comes first and asks for more pixels than the others", () => {
  const tiles = tilesOf(roster(person("a", CAMERA), person("b", CAMERA), person("c", CAMERA), person("me")));
  const alike = wishesFor(grid(tiles), undefined, [], 1);
  const large = wishesFor(speaker(tiles, mainTile(tiles, "c", undefined)), "c", [], 1);
  assert.equal(alike.find((wish) => wish.sourceId === "c/camera")?.maxHeight, 324);
  assert.equal(large[0]?.sourceId, "c/camera");
  assert.equal(large[0]?.maxHeight, 656);
  assert.equal(large[1]?.maxHeight, 124);
});

test("who speaks is wished for before who is silent", () => {
  const tiles = tilesOf(roster(person("a", CAMERA), person("b", CAMERA), person("c", CAMERA), person("me")));
  const wishes = wishesFor(grid(tiles), undefined, ["c"], 1);
  assert.deepEqual(wishes.map((wish) => wish.sourceId), ["c/camera", "a/camera", "b/camera"]);
});
