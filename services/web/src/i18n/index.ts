import { remembered } from "../session/preferences.ts";
import { de } from "./de/index.ts";
import { en, type Texts } from "./en/index.ts";
import { ATTRIBUTES, chooseLanguage, isLanguageChoice, type Language, type LanguageChoice } from "./language.ts";
import { longer, pseudoLocale, rightToLeft } from "./pseudo.ts";

export type { Texts } from "./en/index.ts";

/** The language that the person chose; a change shows when the page is next loaded. */
export const languageChoice = remembered<LanguageChoice>("language", "system", isLanguageChoice);

const asked = new URLSearchParams(globalThis.location?.search ?? "").get("lang");
/** The language of this page. */
export const language: Language = chooseLanguage(asked, languageChoice.peek(), globalThis.navigator?.languages ?? []);

/** The texts in the person's language. */
export const texts: Texts = catalogueOf(language);

function catalogueOf(wanted: Language): Texts {
  switch (wanted) {
    case "en":
      return en;
    case "de":
      return de;
    case "pseudo":
      return pseudoLocale(en, longer);
    case "pseudo-rtl":
      return pseudoLocale(en, rightToLeft);
  }
}

/** Tells the browser, and with it screen readers, the language and direction of what it shows. */
export function tellLanguage(page: HTMLElement): void {
  const { lang, dir } = ATTRIBUTES[language];
  page.lang = lang;
  page.dir = dir;
}
