import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { ParticipantSchema, SourceKind, type Participant } from "../../src/gen/conclave/v1/meetings_pb.js";
import type { Roster } from "../../src/protocol/roster.ts";
import { mainTile, placeTiles, tilesOf, wishesFor } from "../../src/ui/tiles.ts";

function person(id: string, ...kinds: SourceKind[]): Participant {
  const sources = kinds.map((kind) => ({ id: `${id}/${SourceKind[kind].toLowerCase()}`, kind, active: true }));
  return create(ParticipantSchema, { id, displayName: id, sources });
}

function roster(...participants: Participant[]): Roster {
  return { selfId: "me", participants, slots: new Map(), speakerIds: [], startTimeMs: 0, locked: false, waiting: [] };
}

const STAGE = { width: 1280, height: 680 };
const WINDOW = { width: 1280, height: 800 };
const { CAMERA, SCREEN } = SourceKind;

test("a shared screen is a tile of its own, and large unless it is one's own", () => {
  const tiles = tilesOf(roster(person("a", CAMERA, SCREEN), person("me", CAMERA)));
  assert.deepEqual(tiles.map((tile) => tile.key), ["a/screen", "a", "me"]);
  assert.equal(mainTile(tiles, undefined)?.key, "a/screen");
  assert.equal(mainTile(tilesOf(roster(person("me", CAMERA, SCREEN))), undefined), undefined);
});

test("a shared screen beats a pin", () => {
  const tiles = tilesOf(roster(person("a", SCREEN), person("b", CAMERA), person("me")));
  assert.equal(mainTile(tiles, "b")?.key, "a/screen");
});

test("one's own picture and cameras that are off are not asked for", () => {
  const tiles = tilesOf(roster(person("a", CAMERA), person("b"), person("me", CAMERA)));
  const wishes = wishesFor(placeTiles(tiles, undefined, [], STAGE, WINDOW), [], 1);
  assert.deepEqual(wishes.map((wish) => wish.sourceId), ["a/camera"]);
});

test("an enlarged tile comes first and asks for more pixels than the others", () => {
  const tiles = tilesOf(roster(person("a", CAMERA), person("b", CAMERA), person("c", CAMERA), person("me")));
  const grid = wishesFor(placeTiles(tiles, undefined, [], STAGE, WINDOW), [], 1);
  const large = wishesFor(placeTiles(tiles, mainTile(tiles, "c"), [], STAGE, WINDOW), [], 1);
  assert.equal(grid.find((wish) => wish.sourceId === "c/camera")?.maxHeight, 324);
  assert.equal(large[0]?.sourceId, "c/camera");
  assert.equal(large[0]?.maxHeight, 656);
  assert.equal(large[1]?.maxHeight, 124);
});

test("who speaks is wished for before who is silent", () => {
  const tiles = tilesOf(roster(person("a", CAMERA), person("b", CAMERA), person("c", CAMERA), person("me")));
  const wishes = wishesFor(placeTiles(tiles, undefined, [], STAGE, WINDOW), ["c"], 1);
  assert.deepEqual(wishes.map((wish) => wish.sourceId), ["a/camera", "c/camera", "b/camera"]);
});

test("a full filmstrip keeps oneself and whoever speaks, in the usual order", () => {
  const people = Array.from({ length: 12 }, (_, index) => person(`p${index}`, CAMERA));
  const tiles = tilesOf(roster(...people, person("me", CAMERA)));
  const placed = placeTiles(tiles, mainTile(tiles, "p3"), ["p10"], STAGE, WINDOW);
  assert.deepEqual(placed.map(({ tile }) => tile.key), ["p3", "p0", "p1", "p2", "p10", "me"]);
});
