import assert from "node:assert/strict";
import { test } from "node:test";

import { demanded, encodingsFor, SCREEN_ENCODINGS } from "../../src/media/simulcast.ts";

for (const [width, height, heights] of [
  [1920, 1080, [270, 540, 1080]],
  [1280, 720, [180, 360, 720]],
  [960, 540, [135, 270, 540]],
  [640, 360, [180, 360]],
  [480, 270, [135, 270]],
  [320, 180, [180]],
] as const) {
  test(`a camera of ${width}x${height} sends pictures ${heights.join(", ")} high, the whole one among them`, () => {
    const active = encodingsFor(width, height).filter((encoding) => encoding.active);
    assert.deepEqual(active.map((encoding) => height / encoding.scaleResolutionDownBy), heights);
  });
}

test("the names and their order never change, because the offer has fixed them", () => {
  for (const [width, height] of [[1280, 720], [640, 360], [160, 90]] as const) {
    assert.deepEqual(encodingsFor(width, height).map((encoding) => encoding.rid), ["q", "h", "f"]);
  }
});

test("of what a picture allows, what somebody looks at is sent, or the next that there is", () => {
  const sent = (width: number, height: number, layers: readonly number[]): string =>
    demanded(encodingsFor(width, height), layers).flatMap(({ rid, active }) => (active ? [rid] : [])).join("");
  for (const [width, height, layers, expected] of [
    [1280, 720, [0, 1, 2], "qhf"],
    [1280, 720, [0], "q"],
    [1280, 720, [2], "f"],
    [1280, 720, [0, 2], "qf"],
    [1280, 720, [], ""],
    [640, 360, [0, 1, 2], "qh"],
    [640, 360, [2], "h"],
    [640, 360, [0], "q"],
    [320, 180, [1, 2], "q"],
    [320, 180, [], ""],
  ] as const) {
    assert.equal(sent(width, height, layers), expected, `${width}x${height} ${layers.join()}`);
  }
  assert.deepEqual([[0], [2], []].map((layers) => demanded(SCREEN_ENCODINGS, layers)[0]?.active), [true, true, false]);
});
