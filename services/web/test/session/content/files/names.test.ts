import assert from "node:assert/strict";
import { test } from "node:test";

import { cleanName, endingOf, isProgram } from "../../../../src/session/content/files/names.ts";

const NAMES: readonly (readonly [name: string, clean: string])[] = [
  ["Q4 review – Lindqvist family.pdf", "Q4 review – Lindqvist family.pdf"],
  ["../../etc/passwd", "_.._etc_passwd"],
  ["..\\..\\autorun.inf", "_.._autorun.inf"],
  ["/", "_"],
  ["", "file"],
  ["...", "file"],
  [".bashrc", "bashrc"],
  // U+202E turns what follows: without it the name would show as "photoexe.jpg".
  ["photo\u202egpj.exe", "photogpj.exe"],
  ["a\u0000b\nc.txt", "abc.txt"],
  ["con.txt", "_con.txt"],
  ["LPT1", "_LPT1"],
  ["console.txt", "console.txt"],
  ["what?.txt ", "what_.txt"],
  ["trailing.", "trailing"],
  ["u\u0308ber.txt", "über.txt"],
  ["گزارش\u200cها.pdf", "گزارش\u200cها.pdf"],
];

test("a name shows what it is and stays in its folder", () => {
  for (const [name, clean] of NAMES) assert.equal(cleanName(name), clean, JSON.stringify(name));
});

test("a long name keeps its ending", () => {
  const name = cleanName(`${"x".repeat(400)}.pdf`);
  assert.equal([...name].length, 255);
  assert.equal(endingOf(name), "pdf");
  assert.equal([...cleanName("😀".repeat(300))].length, 255);
});

test("what a system would run is known by its ending", () => {
  for (const name of ["setup.exe", "SETUP.EXE", "a.pdf.scr", "x.docm", "run.sh"]) assert.ok(isProgram(name), name);
  for (const name of ["exe", "a.exe.pdf", "report.docx", ".sh"]) assert.ok(!isProgram(name), name);
});
