import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const SOURCES = join(import.meta.dirname, "../../src");
const ATTRIBUTE = /\s(?:aria-label|aria-description|title|alt|placeholder)="([^"]*\p{L}[^"]*)"/gu;
/** Between a tag or an expression and the next one; not after the arrow of a function. */
const TEXT = /(?:(?<!=)>|\})([^<>{}]*\p{L}{2}[^<>{}]*)(?=<|\{)/gu;
/** What stands in code between a type's ">" or a block's "}" and the next "<" or "{", and in no text of a page. */
const CODE = /[;=()]|: |^\s*(?:,|(?:else|finally|catch|return|interface|export|function|class|case|default)\b)/u;

/** The texts that a component shows and that stand in no catalogue. */
function literals(source: string): string[] {
  const code = source.replace(/\/\*.*?\*\/|(?<=\s)\/\/.*$/gmsu, "").replace(/^import [^;]*;/gmsu, "");
  const attributes = [...code.matchAll(ATTRIBUTE)].map((match) => match[1] ?? "");
  const texts = [...code.matchAll(TEXT)].map((match) => match[1] ?? "").filter((text) => !CODE.test(text));
  return [...attributes, ...texts].map((text) => text.trim());
}

test("literal texts are found", () => {
  assert.deepEqual(literals('<p class="x">Hello there</p>'), ["Hello there"]);
  assert.deepEqual(literals("<p>{count} more people</p>"), ["more people"]);
  assert.deepEqual(literals('<button aria-label="Close" title={texts.close}>{texts.close}</button>'), ["Close"]);
  assert.deepEqual(literals("<p>\n  Hello\n  <b>{name}</b>\n</p>"), ["Hello"]);
  assert.deepEqual(literals("const a = useRef<Element>(null);\nreturn <p>{texts.a}</p>;"), []);
});

test("no component shows a text that stands in no catalogue", () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".tsx"));
  assert.ok(files.length > 10);
  const found = files.flatMap((file) => literals(readFileSync(join(SOURCES, file), "utf8")).map((text) => `${file}: ${text}`));
  assert.deepEqual(found, []);
});
