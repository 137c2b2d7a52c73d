import assert from "node:assert/strict";
import { test } from "node:test";

import { gridLayout, mayCover, pageCapacity, pictureHeight, ratiosFor, speakerLayout, type Rectangle } from "../../src/ui/layout.ts";

// The visual language gives the grids of a 1280x800 window: a stage of 1280x680, 1256x656 inside its padding.
const STAGE = { width: 1280, height: 680 };
const WINDOW = { width: 1280, height: 800 };
const GRIDS: readonly [people: number, columns: number, rows: number, width: number, height: number][] = [
  [1, 1, 1, 1166, 656],
  [2, 2, 1, 624, 468],
  [3, 2, 2, 576, 324],
  [4, 2, 2, 576, 324],
  [5, 3, 2, 413, 310],
  [6, 3, 2, 413, 310],
  [7, 3, 3, 379, 213],
  [9, 3, 3, 379, 213],
  [10, 4, 3, 308, 213],
  [12, 4, 3, 308, 213],
  [16, 4, 4, 280, 158],
  [20, 5, 4, 244, 158],
  [25, 5, 5, 221, 124],
  [30, 6, 5, 202, 124],
  [36, 6, 6, 182, 102],
  [42, 7, 6, 172, 102],
  [49, 7, 7, 154, 86],
];

for (const [people, columns, rows, width, height] of GRIDS) {
  test(`${people} people are ${columns} by ${rows}, each ${width}x${height}`, () => {
    const places = gridLayout(people, STAGE, ratiosFor(WINDOW));
    assert.equal(places.length, people);
    assert.equal(new Set(places.map((place) => place.top)).size, rows);
    assert.equal(places.filter((place) => place.top === places[0]?.top).length, Math.min(columns, people));
    for (const place of places) {
      assert.ok(Math.abs(place.width - width) <= 1, `${place.width} wide`);
      assert.ok(Math.abs(place.height - height) <= 1, `${place.height} high`);
    }
  });
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
}

test("no two tiles overlap and none leaves the stage, in any window", () => {
  for (const width of [320, 400, 700, 1024, 1600]) {
    for (const height of [300, 500, 900]) {
      for (let people = 1; people <= 49; people++) {
        const stage = { width, height };
        for (const places of [gridLayout(people, stage, ratiosFor(stage)), speakerLayout(people, stage, stage)]) {
          places.forEach((place, index) => {
            assert.ok(place.left >= 0 && place.left + place.width <= width + 1, `${people} in ${width}x${height}`);
            assert.ok(place.top >= 0 && place.top + place.height <= height + 1, `${people} in ${width}x${height}`);
            assert.ok(!places.slice(index + 1).some((other) => overlap(place, other)), `${people} in ${width}x${height}`);
          });
        }
      }
    }
  }
});

test("the speaker view has a large tile and a filmstrip 220 wide", () => {
  const [main, ...strip] = speakerLayout(4, STAGE, WINDOW);
  assert.deepEqual(main, { left: 12, top: 12, width: 1028, height: 656 });
  assert.equal(strip.length, 3);
  assert.ok(strip.every((place) => place.width === 220 && place.left === 1048));
});

test("a picture that covers is at least as high as its tile, one that fits at most", () => {
  assert.equal(pictureHeight({ width: 320, height: 180 }, true, 2), 360);
  assert.equal(pictureHeight({ width: 320, height: 100 }, true, 1), 180);
  assert.equal(pictureHeight({ width: 320, height: 400 }, false, 1), 180);
});

// The visual language: a panel, 360 wide, leaves room for 30 tiles in this window; a phone shows 10.
const CAPACITIES: readonly [what: string, width: number, height: number, windowWidth: number, windowHeight: number, n: number][] = [
  ["a laptop", 1280, 680, 1280, 800, 49],
  ["a laptop with a panel open", 920, 680, 1280, 800, 30],
  ["a phone", 390, 672, 390, 844, 10],
  ["a window 320 wide", 320, 400, 320, 568, 6],
];
for (const [what, width, height, windowWidth, windowHeight, n] of CAPACITIES) {
  test(`a page on ${what} holds ${n}`, () => {
    const ratios = ratiosFor({ width: windowWidth, height: windowHeight });
    assert.equal(pageCapacity({ width, height }, ratios), n);
  });
}

test("on a phone one alone in the last row takes its width", () => {
  const phone = { width: 390, height: 844 };
  const places = gridLayout(5, { width: 390, height: 672 }, ratiosFor(phone));
  const [first, second, , , last] = places;
  assert.equal(last?.left, first?.left);
  assert.equal((last?.left ?? 0) + (last?.width ?? 0), (second?.left ?? 0) + (second?.width ?? 0));
  assert.equal(last?.height, first?.height);
});

test("a picture is cut by at most a quarter of a side", () => {
  assert.ok(mayCover(16 / 9, 4 / 3));
  assert.ok(mayCover(4 / 3, 16 / 9));
  assert.ok(!mayCover(16 / 9, 1));
  assert.ok(!mayCover(9 / 16, 16 / 9));
});
