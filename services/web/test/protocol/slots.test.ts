import assert from "node:assert/strict";
import { test } from "node:test";

import { assignSlots, changedAssignments, type Assignment, type Wish } from "../../src/protocol/slots.ts";

const MIDS = ["7", "8", "9"];
const wish = (sourceId: string, maxHeight = 180): Wish => ({ sourceId, maxHeight });
const before = (...assignments: Assignment[]): Map<string, Assignment> =>
  new Map(assignments.map((assignment) => [assignment.mid, assignment]));
const shown = (assignments: readonly Assignment[]): string[] => assignments.map((assignment) => assignment.sourceId);

test("wishes take the slots in order, and slots left over show nothing", () => {
  assert.deepEqual(shown(assignSlots(MIDS, [wish("a"), wish("b")], before())), ["a", "b", ""]);
});

test("a source keeps its slot when the order of wishes changes", () => {
  const told = before(...assignSlots(MIDS, [wish("a"), wish("b"), wish("c")], before()));
  assert.deepEqual(shown(assignSlots(MIDS, [wish("c"), wish("a"), wish("b")], told)), ["a", "b", "c"]);
});

test("a new source takes the slot of the one that is gone", () => {
  const told = before(...assignSlots(MIDS, [wish("a"), wish("b"), wish("c")], before()));
  assert.deepEqual(shown(assignSlots(MIDS, [wish("d"), wish("a"), wish("c")], told)), ["a", "d", "c"]);
});

test("with more wishes than slots the first ones are met", () => {
  assert.deepEqual(shown(assignSlots(MIDS, ["a", "b", "c", "d"].map((id) => wish(id)), before())), ["a", "b", "c"]);
});

test("no source is ever given two slots", () => {
  const told = before({ mid: "7", sourceId: "a", maxHeight: 1 }, { mid: "8", sourceId: "a", maxHeight: 1 });
  assert.deepEqual(shown(assignSlots(MIDS, [wish("a"), wish("b")], told)), ["a", "b", ""]);
});

test("only what changed is told", () => {
  const first = assignSlots(MIDS, [wish("a"), wish("b")], before());
  const told = before(...first);
  assert.deepEqual(changedAssignments(assignSlots(MIDS, [wish("b"), wish("a")], told), told), []);
  assert.deepEqual(changedAssignments(assignSlots(MIDS, [wish("a", 190), wish("b")], told), told), []);
  assert.deepEqual(changedAssignments(assignSlots(MIDS, [wish("a", 720), wish("b")], told), told), [
    { mid: "7", sourceId: "a", maxHeight: 720 },
  ]);
  assert.deepEqual(changedAssignments(first, before()), first);
});
