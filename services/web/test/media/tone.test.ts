import assert from "node:assert/strict";
import { test } from "node:test";

import { tone } from "../../src/media/tone.ts";

// Multimedia Programming Interface and Data Specifications 1.0 (RIFF), "WAVE".
test("the test tone is a WAV file of the length that it says", () => {
  const bytes = tone();
  const view = new DataView(bytes.buffer);
  const text = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  assert.deepEqual([0, 8, 12, 36].map(text), ["RIFF", "WAVE", "fmt ", "data"]);
  assert.equal(view.getUint32(4, true), bytes.length - 8);
  assert.equal(view.getUint32(40, true), bytes.length - 44);
  assert.equal(view.getUint32(40, true) / view.getUint32(28, true), 0.8);
});

test("the test tone begins and ends in silence and is not loud", () => {
  const samples = new Int16Array(tone().buffer, 44);
  assert.equal(samples[0], 0);
  assert.ok(Math.abs(samples.at(-1) ?? 1) < 100);
  const loudest = Math.max(...samples.map(Math.abs));
  assert.ok(loudest > 0.25 * 0x7fff && loudest < 0.35 * 0x7fff, String(loudest));
});
