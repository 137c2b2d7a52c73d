import type { Texts } from "./en/index.ts";

const PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ACCENTED = "áƀçďéƒǧĥíĵķĺɱñóƥɋŕšţúṽŵẋýžÁƁÇĎÉƑǦĤÍĴĶĹṀÑÓƤɊŔŠŢÚṼŴẊÝŽ";
/** German and Finnish need this much more room than English. */
const LONGER = 0.4;
const RIGHT_TO_LEFT_OVERRIDE = "\u202e";
const POP_DIRECTION = "\u202c";

/** A text with accents, longer, in brackets: what is cut off, or stands in no catalogue, is seen at once. */
export function longer(text: string): string {
  if (text === "") return text;
  const accented = [...text].map((letter) => ACCENTED[PLAIN.indexOf(letter)] ?? letter).join("");
  return `[${accented}${"~".repeat(Math.ceil(text.length * LONGER))}]`;
}

/** A text whose words are written from right to left. */
export function rightToLeft(text: string): string {
  return text.replace(/\S+/gu, (word) => `${RIGHT_TO_LEFT_OVERRIDE}${word}${POP_DIRECTION}`);
}

/** A catalogue made from another one by changing each text. */
export function pseudoLocale(catalogue: Texts, change: (text: string) => string): Texts {
  const changed = Object.entries(catalogue).map(([key, value]) => [key, changedValue(value, change)]);
  return Object.fromEntries(changed) as Texts; // The same keys, and of each value the same type.
}

function changedValue(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (typeof value !== "function") throw new TypeError(`a catalogue holds ${typeof value}`);
  return (...filled: unknown[]) => change(String(value(...filled)));
}
