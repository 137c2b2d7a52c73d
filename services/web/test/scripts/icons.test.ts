import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inflateSync } from "node:zlib";

// @ts-expect-error: a script, which has no types.
import { dataOf, drawMark, encodePng, ICONS } from "../../scripts/mark.mjs";

const read = (name: string): Buffer => readFileSync(new URL(`../../public/${name}`, import.meta.url));

test("the committed icons are what npm run icons draws", () => {
  for (const [name, size, maskable] of ICONS) {
    const committed = inflateSync(dataOf(read(name)));
    const drawn = inflateSync(dataOf(encodePng(size, drawMark(size, maskable))));
    assert.ok(committed.equals(drawn), name);
  }
});

test("the web manifest names icons that are there, in their sizes", () => {
  const manifest = JSON.parse(read("app.webmanifest").toString());
  for (const icon of manifest.icons) {
    const data = read(icon.src.slice(1));
    if (icon.type === "image/png") assert.equal(`${data.readUInt32BE(16)}x${data.readUInt32BE(20)}`, icon.sizes);
  }
});
