import assert from "node:assert/strict";
import { test } from "node:test";

import { groupDialCode, readDialCode } from "../../src/protocol/dialcode.ts";

const TYPED: [string, string | undefined][] = [
  ["123456789", "123456789"],
  [" 123 456-789 ", "123456789"],
  ["123\u00a0456\u00a0789", "123456789"],
  ["12345678", undefined],
  ["1234567890", undefined],
  ["12345678a", undefined],
  ["", undefined],
];

for (const [typed, dialCode] of TYPED) {
  test(`"${typed}" ${dialCode === undefined ? "is no dial code" : "is a dial code"}`, () => {
    assert.equal(readDialCode(typed), dialCode);
  });
}

test("a dial code is shown in groups of three, and can be typed as it is shown", () => {
  assert.equal(groupDialCode("123456789"), "123 456 789");
  assert.equal(readDialCode(groupDialCode("987654321")), "987654321");
});
