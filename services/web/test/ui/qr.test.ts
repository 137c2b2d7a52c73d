import assert from "node:assert/strict";
import { test } from "node:test";

import decodeQR from "qr/decode.js";

import { drawQr } from "../../src/ui/qr.ts";

const PIXELS = 4;

/** What a camera would see: the outline's rectangles in black on white, each module some pixels wide. */
function paint({ size, outline }: { size: number; outline: string }): Uint8Array {
  const width = size * PIXELS;
  const pixels = new Uint8Array(width * width * 4).fill(255);
  for (const [, x, y, length] of outline.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = Number(y) * PIXELS; row < (Number(y) + 1) * PIXELS; row++) {
      const start = row * width + Number(x) * PIXELS;
      for (let at = start; at < start + Number(length) * PIXELS; at++) pixels.fill(0, 4 * at, 4 * at + 3);
    }
  }
  return pixels;
}

for (const length of [40, 180]) {
  test(`a link of ${length} characters is read from its drawing`, () => {
    const link = `https://meet.example/join#${"aB3-_".repeat(40)}`.slice(0, length);
    const drawing = drawQr(link);
    const width = drawing.size * PIXELS;
    assert.equal(decodeQR({ width, height: width, data: paint(drawing) }), link);
  });
}
