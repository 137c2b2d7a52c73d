import assert from "node:assert/strict";
import { test } from "node:test";

import { BlurWatch, type BlurTrouble, type FrameFate } from "../../../src/media/blur/watch.ts";

interface Conditions {
  readonly framesPerSecond: number;
  readonly seconds: number;
  /** How long an outline takes; undefined for never. */
  readonly outlineMs: (nowMs: number) => number | undefined;
  readonly starved?: boolean;
}

interface Course {
  readonly fates: FrameFate[];
  /** Frames that were shown with their outlines. */
  readonly clear: number[];
  readonly trouble: BlurTrouble | undefined;
  readonly troubleMs: number;
}

/** Runs a camera and a model that is ready after a second. */
function course({ framesPerSecond, seconds, outlineMs, starved = false }: Conditions): Course {
  const watch = new BlurWatch(0);
  const fates: FrameFate[] = [];
  const clear: number[] = [];
  let asked: { frame: number; doneMs: number } | undefined;
  for (let ms = 0, frame = 0; ms < seconds * 1000; ms += 1) {
    if (ms === 1000) watch.ready(ms);
    if (asked?.doneMs === ms) {
      if (watch.outlined(ms)) clear.push(asked.frame);
      asked = undefined;
    }
    if (ms % Math.round(1000 / framesPerSecond) === 0) {
      const fate = watch.frame(ms);
      fates.push(fate);
      if (fate === "outline") {
        assert.equal(asked, undefined, "one picture at a time");
        asked = { frame, doneMs: ms + (outlineMs(ms) ?? Number.POSITIVE_INFINITY) };
      }
      frame += 1;
    }
    if (ms % 2000 === 1999) watch.encoderRead(starved);
    const trouble = ms % 1000 === 0 ? watch.trouble(ms) : undefined;
    if (trouble !== undefined) return { fates, clear, trouble, troubleMs: ms };
  }
  return { fates, clear, trouble: undefined, troubleMs: Number.POSITIVE_INFINITY };
}

test("all is blurred until the model is ready", () => {
  const { fates } = course({ framesPerSecond: 10, seconds: 1, outlineMs: () => 10 });
  assert.deepEqual(new Set(fates), new Set(["blur"]));
});

test("a model that keeps up goes on, and shows every frame with its outline", () => {
  const { fates, clear, trouble } = course({ framesPerSecond: 30, seconds: 20, outlineMs: () => 20 });
  assert.equal(trouble, undefined);
  assert.deepEqual(new Set(fates.slice(31)), new Set(["outline"]));
  assert.ok(clear.length > 500);
});

for (const [framesPerSecond, outlineMs, trouble] of [
  [30, 60, undefined],
  [30, 90, undefined],
  [30, 140, "slow"],
  [30, 900, "slow"],
  [15, 250, "slow"],
  [5, 150, undefined], // A camera that gives few frames in the dark is no sign of a slow computer.
  [8, 100, undefined],
] as const) {
  test(`${framesPerSecond} frames a second and ${outlineMs} ms for each outline: ${trouble ?? "fine"}`, () => {
    const seen = course({ framesPerSecond, seconds: 20, outlineMs: () => outlineMs });
    assert.equal(seen.trouble, trouble);
    if (trouble !== undefined) assert.equal(seen.troubleMs, 8000, "a second to load, two to warm up, five to watch");
  });
}

test("while an outline does not come, all is blurred, and late ones are not shown", () => {
  const { fates, clear, trouble } = course({ framesPerSecond: 10, seconds: 9, outlineMs: (ms) => (ms < 3000 ? 50 : 2000) });
  assert.equal(trouble, "slow");
  assert.ok(clear.every((frame) => frame < 30), "none of those that came late");
  assert.deepEqual(fates.slice(31, 50).filter((fate) => fate !== "blur"), ["drop", "drop", "drop"]);
});

test("a model that never answers has failed", () => {
  const { trouble, troubleMs, clear } = course({ framesPerSecond: 10, seconds: 20, outlineMs: () => undefined });
  assert.equal(trouble, "failed");
  assert.ok(troubleMs <= 6000);
  assert.deepEqual(clear, []);
});

test("a model that is not ready in half a minute has failed", () => {
  const watch = new BlurWatch(0);
  for (let ms = 0; ms <= 30_000; ms += 1000) assert.equal(watch.trouble(ms), undefined);
  assert.equal(watch.trouble(31_000), "failed");
});

test("an encoder that is starved for three readings ends it, and one reading does not", () => {
  const conditions = { framesPerSecond: 30, seconds: 20, outlineMs: () => 20 };
  assert.equal(course({ ...conditions, starved: true }).trouble, "slow");
  const watch = new BlurWatch(0);
  watch.ready(0);
  for (const starved of [true, true, false, true, true]) watch.encoderRead(starved);
  assert.equal(watch.trouble(1000), undefined);
});

test("a computer that slept is not called slow for it", () => {
  const watch = new BlurWatch(0);
  watch.ready(0);
  for (let ms = 0; ms < 5000; ms += 50) assert.equal(watch.frame(ms) === "outline" && watch.outlined(ms + 20), true);
  assert.equal(watch.frame(5000), "outline");
  assert.equal(watch.trouble(3_600_000), undefined, "an hour later the outline is still on its way");
  assert.equal(watch.outlined(3_600_020), true);
  assert.equal(watch.frame(3_600_050), "outline");
});
