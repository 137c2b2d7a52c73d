import assert from "node:assert/strict";
import { test } from "node:test";

import { broughtIn, keptOrder, pageOf } from "../../src/ui/paging.ts";

const ORDER = ["a", "b", "c", "d", "e", "me", "f", "g"];
const FIRST_PAGE = { first: 0, end: 4 };

test("who leaves makes room, who comes stands last, nobody else moves", () => {
  assert.deepEqual(keptOrder(["c", "a", "b"], ["a", "b", "c", "d"]), ["c", "a", "b", "d"]);
  assert.deepEqual(keptOrder(["c", "a", "b"], ["b", "c", "x"]), ["c", "b", "x"]);
  assert.deepEqual(keptOrder([], ["a", "b"]), ["a", "b"]);
});

test("who speaks on the page changes nothing", () => {
  assert.deepEqual(broughtIn(ORDER, FIRST_PAGE, ["b"], ["b"], "me"), ORDER);
});

test("who speaks off the page changes places with the longest silent", () => {
  const recent = ["g", "d", "b", "a"];
  assert.deepEqual(broughtIn(ORDER, FIRST_PAGE, ["g"], recent, "me"), ["a", "b", "g", "d", "e", "me", "f", "c"]);
  assert.deepEqual(broughtIn(ORDER, FIRST_PAGE, ["g"], ["g", "d", "c", "b", "a"], "me")[0], "g");
});

test("of those who never spoke the last on the page goes", () => {
  assert.deepEqual(broughtIn(ORDER, FIRST_PAGE, ["g"], ["g"], "me"), ["a", "b", "c", "g", "e", "me", "f", "d"]);
});

test("two who speak at once both come in, and neither for the other", () => {
  const order = broughtIn(ORDER, FIRST_PAGE, ["g", "f"], ["g", "f"], "me");
  assert.deepEqual(order.slice(0, 4), ["a", "b", "f", "g"]);
});

test("oneself neither comes in nor goes", () => {
  assert.deepEqual(broughtIn(ORDER, FIRST_PAGE, ["me"], ["me"], "me"), ORDER);
  assert.deepEqual(broughtIn(["me", "a"], { first: 0, end: 1 }, ["a"], ["a"], "me"), ["me", "a"]);
});

test("a page of nobody but speakers takes no more of them", () => {
  assert.deepEqual(broughtIn(ORDER, { first: 0, end: 1 }, ["a", "b"], ["a", "b"], "me"), ORDER);
});

test("pages divide people, and a page past the end is the last one", () => {
  assert.deepEqual(pageOf(49, 49, 0), { page: 0, pages: 1, first: 0, end: 49 });
  assert.deepEqual(pageOf(50, 49, 1), { page: 1, pages: 2, first: 49, end: 50 });
  assert.deepEqual(pageOf(50, 49, 7), { page: 1, pages: 2, first: 49, end: 50 });
  assert.deepEqual(pageOf(0, 10, 0), { page: 0, pages: 1, first: 0, end: 0 });
});
