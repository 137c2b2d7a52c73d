import assert from "node:assert/strict";
import { test } from "node:test";

import { factsOf, sizeText } from "../../../src/ui/files/facts.ts";

const SIZES: readonly (readonly [octets: number, text: string])[] = [
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1000, "1 kB"],
  [2_400_000, "2.4 MB"],
  [999_999, "1,000 kB"],
  [2 ** 31, "2.1 GB"],
  [5e12, "5,000 GB"],
];

test("a size is written as people write it", () => {
  for (const [octets, text] of SIZES) assert.equal(sizeText(octets), text);
});

test("a file's kind is its ending, where it has one", () => {
  assert.equal(factsOf({ name: "Q4 review.pdf", size: 2_400_000 }), "PDF · 2.4 MB");
  assert.equal(factsOf({ name: "README", size: 5 }), "5 bytes");
  assert.equal(factsOf({ name: "what.isthisfile", size: 5 }), "5 bytes");
});
