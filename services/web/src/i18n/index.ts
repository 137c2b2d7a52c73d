import { en } from "./en/index.ts";

/** The shape of a catalogue: the same texts and functions in every language. */
export type Texts = typeof en;

/** The texts in the person's language; English is the only one so far. */
export const texts: Texts = en;
