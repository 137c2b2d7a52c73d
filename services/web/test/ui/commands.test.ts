import assert from "node:assert/strict";
import { test } from "node:test";

import { commandFor, keysOf, shortcutOf, type Command, type Pressed } from "../../src/ui/commands.ts";

const command = (key: string, withControlShift = false): Command => ({
  key,
  withControlShift,
  text: key,
  run: () => undefined,
});
const COMMANDS = [command("m"), command("?"), command("escape"), command("l", true)];

function pressed(key: string, held: Partial<Pressed> = {}): Pressed {
  return { key, ctrlKey: false, shiftKey: false, altKey: false, metaKey: false, ...held };
}
const found = (each: Pressed, single = true): string | undefined => commandFor(each, COMMANDS, single)?.key;

test("keys find their commands, whatever the case", () => {
  assert.equal(found(pressed("m")), "m");
  assert.equal(found(pressed("M", { shiftKey: true })), "m");
  assert.equal(found(pressed("?", { shiftKey: true })), "?");
  assert.equal(found(pressed("L", { ctrlKey: true, shiftKey: true })), "l");
  assert.equal(found(pressed("l")), undefined);
});

test("the browser's own shortcuts are left to it", () => {
  for (const held of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { ctrlKey: true, shiftKey: true }]) {
    assert.equal(found(pressed("m", held)), undefined, JSON.stringify(held));
  }
});

test("single keys can be turned off, all but Esc", () => {
  assert.equal(found(pressed("m"), false), undefined);
  assert.equal(found(pressed("?", { shiftKey: true }), false), undefined);
  assert.equal(found(pressed("Escape"), false), "escape");
  assert.equal(found(pressed("L", { ctrlKey: true, shiftKey: true }), false), "l");
});

test("key caps say what is written on a keyboard", () => {
  assert.deepEqual(keysOf(command("m")), ["M"]);
  assert.deepEqual(keysOf(command("escape")), ["Esc"]);
  assert.deepEqual(keysOf(command("l", true)), ["Ctrl", "Shift", "L"]);
});

test("assistive technology is told the keys as ARIA writes them", () => {
  assert.deepEqual(COMMANDS.map(shortcutOf), ["M", "?", "Escape", "Control+Shift+L"]);
});
