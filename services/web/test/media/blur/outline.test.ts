import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { fastComputer, plainComputer } from "../../../src/media/blur/computer.ts";
import { Outline, OUTLINE_HEIGHT, OUTLINE_WIDTH } from "../../../src/media/blur/outline.ts";
import { UnusableModel } from "../../../src/media/blur/tflite.ts";

const NAME = "@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite";
const file = readFileSync(createRequire(import.meta.url).resolve(NAME));
const MODEL = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);

const KERNELS = readFileSync(new URL("../../../src/media/blur/kernels.wasm", import.meta.url));

type Colour = readonly [number, number, number];
const WALL: Colour = [96, 110, 130];
const HAIR: Colour = [42, 34, 32];
const SKIN: Colour = [107, 70, 50];
const SHIRT: Colour = [63, 101, 131];

/** Ellipses: where, how large, of which colour. */
const PERSON: readonly (readonly [number, number, number, number, Colour])[] = [
  [128, 52, 38, 35, HAIR],
  [128, 76, 24, 32, SKIN],
  [128, 104, 14, 24, SKIN],
  [128, 152, 68, 40, SHIRT],
  [119, 67, 2.5, 3, HAIR],
  [137, 67, 2.5, 3, HAIR],
];

function picture(shapes: typeof PERSON): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(OUTLINE_WIDTH * OUTLINE_HEIGHT * 4);
  for (let y = 0; y < OUTLINE_HEIGHT; y++) {
    for (let x = 0; x < OUTLINE_WIDTH; x++) {
      const shape = shapes.findLast(([left, top, width, height]) => ((x - left) / width) ** 2 + ((y - top) / height) ** 2 <= 1);
      pixels.set([...(shape?.[4] ?? WALL), 255], 4 * (y * OUTLINE_WIDTH + x));
    }
  }
  return pixels;
}

/** The share of the pixels that show, of those that are chosen. */
function shown(pixels: Uint8ClampedArray, chosen: (x: number, y: number) => boolean): number {
  let sum = 0;
  let count = 0;
  for (let at = 0; at < OUTLINE_WIDTH * OUTLINE_HEIGHT; at++) {
    if (!chosen(at % OUTLINE_WIDTH, Math.floor(at / OUTLINE_WIDTH))) continue;
    sum += (pixels[4 * at + 3] ?? 0) / 255;
    count += 1;
  }
  return sum / count;
}

test("a person shows, and the room around does not", async () => {
  const pixels = picture(PERSON);
  new Outline(MODEL, await fastComputer(KERNELS)).mask(pixels);
  const isPerson = (x: number, y: number, margin: number): boolean =>
    PERSON.some(([left, top, width, height]) => ((x - left) / (width + margin)) ** 2 + ((y - top) / (height + margin)) ** 2 <= 1);
  assert.ok(shown(pixels, (x, y) => isPerson(x, y, -6)) > 0.97);
  assert.ok(shown(pixels, (x, y) => !isPerson(x, y, 6)) < 0.01);
});

test("an empty room does not show", async () => {
  const pixels = picture([]);
  new Outline(MODEL, await fastComputer(KERNELS)).mask(pixels);
  assert.ok(shown(pixels, () => true) < 0.01);
});

test("the same picture gives the same mask, whatever came between", async () => {
  const outline = new Outline(MODEL, await fastComputer(KERNELS));
  const [first, between, again] = [picture(PERSON), picture([]), picture(PERSON)];
  for (const each of [first, between, again]) outline.mask(each);
  assert.deepEqual(again, first);
});

test("WebAssembly and plain words give the same mask", async () => {
  const [fast, plain] = [picture(PERSON), picture(PERSON)];
  new Outline(MODEL, await fastComputer(KERNELS)).mask(fast);
  new Outline(MODEL, plainComputer).mask(plain);
  // They add in other orders.
  assert.ok(fast.every((value, at) => Math.abs(value - (plain[at] ?? 0)) <= 1));
});

test("a model that was cut off anywhere is refused", () => {
  for (let size = 0; size < MODEL.byteLength; size += 997) {
    assert.throws(() => new Outline(MODEL.slice(0, size), plainComputer), (error) => error instanceof UnusableModel || error instanceof RangeError);
  }
});
