import assert from "node:assert/strict";
import { test } from "node:test";

import { Hearing, Talking } from "../../src/media/hearing.ts";

const SILENCE = 0.001;
const VOICE = 0.05;

test("a microphone is heard from its first sound until three seconds after its last", () => {
  const hearing = new Hearing();
  const heard = [
    [SILENCE, 0],
    [VOICE, 100],
    [SILENCE, 200],
    [SILENCE, 3099],
    [SILENCE, 3100],
  ].map(([level = 0, nowMs = 0]) => hearing.hears(level, nowMs));
  assert.deepEqual(heard, [false, true, true, true, false]);
});

test("half a second of voice is talking, one knock is not", () => {
  const talks = (levels: readonly number[]): boolean[] => {
    const talking = new Talking();
    return levels.map((level, index) => talking.talks(level, index * 100));
  };
  assert.ok(!talks([SILENCE, VOICE, ...Array<number>(20).fill(SILENCE)]).includes(true));
  const spoken = talks([SILENCE, ...Array<number>(6).fill(VOICE), ...Array<number>(20).fill(SILENCE)]);
  assert.equal(spoken.indexOf(true), 5);
  assert.equal(spoken.at(-1), false);
});
