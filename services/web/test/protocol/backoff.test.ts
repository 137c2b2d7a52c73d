import assert from "node:assert/strict";
import { test } from "node:test";

import { LONGEST_WAIT_MS, waitBeforeAttempt } from "../../src/protocol/backoff.ts";

test("the first attempt comes at once", () => {
  assert.equal(waitBeforeAttempt(0, 0.99), 0);
});

test("no wait is longer than the longest, and at least half of it is kept", () => {
  for (let attempt = 1; attempt < 40; attempt++) {
    for (const random of [0, 0.25, 0.5, 0.999]) {
      const wait = waitBeforeAttempt(attempt, random);
      assert.ok(wait >= 50 && wait <= LONGEST_WAIT_MS, `attempt ${attempt} waits ${wait}`);
    }
  }
});
