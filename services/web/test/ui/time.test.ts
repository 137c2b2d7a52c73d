import assert from "node:assert/strict";
import { test } from "node:test";

import { runningTime } from "../../src/ui/time.ts";

test("a running clock has hours once there are any, and never less than nothing", () => {
  const shown = [-500, 0, 59_999, 1_457_000, 3_599_999, 3_760_000].map(runningTime);
  assert.deepEqual(shown, ["0:00", "0:00", "0:59", "24:17", "59:59", "1:02:40"]);
});
