import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// @ts-expect-error: a script, which has no types.
import { assembled, output } from "../../scripts/assemble.mjs";

test("the committed WebAssembly is what its source says", async () => {
  assert.deepEqual(readFileSync(output), await assembled(), "run npm run kernels, and commit what it writes");
});
