import assert from "node:assert/strict";
import { test } from "node:test";

import { de } from "../../src/i18n/de/index.ts";
import { en } from "../../src/i18n/en/index.ts";
import { longer, pseudoLocale, rightToLeft } from "../../src/i18n/pseudo.ts";

type Catalogue = Readonly<Record<string, unknown>>;
const ENGLISH: Catalogue = en;
const GERMAN: Catalogue = de;

/** Words that German writes as English does. */
const ALIKE = new Set([
  "chatTitle",
  "keyEscape",
  "kilobits",
  "labelChat",
  "labelHand",
  "milliseconds",
  "percent",
  "percentLost",
  "product",
  "reacted",
  "titleOf",
  "transportUdp",
  "version",
]);

/** A text, or what a function makes of 7 for each number and "Ada" for each name. */
function sample(value: unknown, filled: number | string): unknown {
  return typeof value === "function" ? value(...Array.from({ length: value.length }, () => filled)) : value;
}

test("German has every text, and no other", () => {
  assert.deepEqual(Object.keys(GERMAN).sort(), Object.keys(ENGLISH).sort());
});

test("German texts are functions where the English ones are, of as many arguments", () => {
  for (const [key, german] of Object.entries(GERMAN)) {
    const english = ENGLISH[key];
    assert.equal(typeof german, typeof english, key);
    if (typeof german === "function" && typeof english === "function") assert.equal(german.length, english.length, key);
  }
});

test("German texts differ from the English ones, but for the words that are alike", () => {
  const same = Object.keys(GERMAN).filter((key) => sample(GERMAN[key], 7) === sample(ENGLISH[key], 7));
  assert.deepEqual(same.filter((key) => !ALIKE.has(key)), []);
  assert.deepEqual([...ALIKE].filter((key) => !same.includes(key)), [], "listed as alike, and not");
});

test("what is filled in shows in both languages", () => {
  for (const [key, english] of Object.entries(ENGLISH)) {
    if (typeof english !== "function") continue;
    for (const filled of [7, "Ada"]) {
      const shown = String(sample(english, filled)).includes(String(filled));
      assert.equal(String(sample(GERMAN[key], filled)).includes(String(filled)), shown, key);
    }
  }
});

test("a pseudo-locale keeps the keys and changes every text", () => {
  for (const change of [longer, rightToLeft]) {
    const pseudo: Catalogue = pseudoLocale(en, change);
    assert.deepEqual(Object.keys(pseudo), Object.keys(ENGLISH));
    for (const key of Object.keys(ENGLISH)) {
      const plain = String(sample(ENGLISH[key], 7));
      const changed = pseudo[key];
      const shown = String(typeof changed === "function" ? changed(...Array<number>(9).fill(7)) : changed);
      if (plain !== "") assert.notEqual(shown, plain, key);
    }
  }
});

test("the longer pseudo-locale is longer by two fifths, accented, and in brackets", () => {
  assert.equal(longer("Leave"), "[Ĺéáṽé~~]");
  assert.equal(longer(""), "");
  assert.ok(longer("Camera off").length >= "Camera off".length * 1.4);
});

test("the right-to-left pseudo-locale turns each word and leaves their order to the page", () => {
  assert.equal(rightToLeft("Camera off"), "\u202eCamera\u202c \u202eoff\u202c");
});
