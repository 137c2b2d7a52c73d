import { en } from "./en.ts";

/** The texts in the person's language; English is the only one so far. */
export const texts: typeof en = en;
