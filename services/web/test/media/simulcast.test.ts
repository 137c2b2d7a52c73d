import assert from "node:assert/strict";
import { test } from "node:test";

import { encodingsFor } from "../../src/media/simulcast.ts";

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
