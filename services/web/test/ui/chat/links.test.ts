import assert from "node:assert/strict";
import { test } from "node:test";

import { partsOf } from "../../../src/ui/chat/links.ts";

const links = (text: string): string[] => partsOf(text).flatMap((part) => (part.href === undefined ? [] : [part.text]));

test("a text without addresses is one part", () => {
  assert.deepEqual(partsOf("hello <b>you</b> & me"), [{ text: "hello <b>you</b> & me" }]);
  assert.deepEqual(partsOf(""), []);
});

test("nothing of the text is lost or added", () => {
  for (const text of ["a https://x.test b", "https://x.test", "(https://x.test/a_(b)) and http://y.test."]) {
    assert.equal(partsOf(text).map((part) => part.text).join(""), text);
  }
});

test("addresses end where the sentence goes on", () => {
  assert.deepEqual(links("see https://x.test/a?b=1&c=2#d, then http://y.test!"), ["https://x.test/a?b=1&c=2#d", "http://y.test"]);
  assert.deepEqual(links("(https://x.test/a)"), ["https://x.test/a"]);
  assert.deepEqual(links("https://x.test/a_(b)"), ["https://x.test/a_(b)"]);
});

test("nothing but web addresses becomes a link, and none that hides its host", () => {
  const texts = [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "mailto:a@x.test",
    "www.x.test",
    "https://bank.test@evil.test/",
    "https://bank.test:secret@evil.test/",
    "https://",
    "xhttps://x.test",
  ];
  for (const text of texts) assert.deepEqual(links(text), [], text);
});
