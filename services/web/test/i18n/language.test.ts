import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseLanguage, type LanguageChoice } from "../../src/i18n/language.ts";

const CHOICES: readonly [asked: string | null, chosen: LanguageChoice, preferred: readonly string[], result: string][] = [
  [null, "system", ["de-CH", "en"], "de"],
  [null, "system", ["fr", "de", "en"], "de"],
  [null, "system", ["DE"], "de"],
  [null, "system", ["en-GB", "de"], "en"],
  [null, "system", ["fr", "den"], "en"],
  [null, "system", [], "en"],
  [null, "en", ["de"], "en"],
  [null, "de", ["en"], "de"],
  ["de", "en", ["en"], "de"],
  ["pseudo", "de", ["de"], "pseudo"],
  ["pseudo-rtl", "system", ["de"], "pseudo-rtl"],
  ["system", "de", ["en"], "de"],
  ["toString", "system", ["en"], "en"],
];

test("the address comes before the choice, the choice before the browser's languages, English last", () => {
  for (const [asked, chosen, preferred, result] of CHOICES) {
    assert.equal(chooseLanguage(asked, chosen, preferred), result, JSON.stringify([asked, chosen, preferred]));
  }
});
