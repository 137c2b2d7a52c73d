/** The languages a person can choose. */
export const OFFERED_LANGUAGES = ["en", "de"] as const;
export type OfferedLanguage = (typeof OFFERED_LANGUAGES)[number];
/** Each in its own words, so that whoever speaks it finds it. */
export const LANGUAGE_NAMES: Record<OfferedLanguage, string> = { en: "English", de: "Deutsch" };
/** What the person chose; "system" follows the browser. */
export type LanguageChoice = OfferedLanguage | "system";
/** The pseudo-locales show in tests what longer texts and writing from right to left do to the pages. */
export type Language = OfferedLanguage | "pseudo" | "pseudo-rtl";

/** What the page tells the browser about a language: its tag (BCP 47) and its direction. */
export const ATTRIBUTES: Record<Language, { readonly lang: string; readonly dir: "ltr" | "rtl" }> = {
  en: { lang: "en", dir: "ltr" },
  de: { lang: "de", dir: "ltr" },
  pseudo: { lang: "en-XA", dir: "ltr" },
  "pseudo-rtl": { lang: "ar-XB", dir: "rtl" },
};

export function isLanguageChoice(value: unknown): value is LanguageChoice {
  return value === "system" || OFFERED_LANGUAGES.some((language) => language === value);
}

/**
 * The language of the page: the one that the address asks for (`?lang=`), the one chosen, the first of the browser's
 * that there is, or English.
 */
export function chooseLanguage(asked: string | null, chosen: LanguageChoice, preferred: readonly string[]): Language {
  if (asked !== null && isLanguage(asked)) return asked;
  if (chosen !== "system") return chosen;
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split("-")[0];
    const offered = OFFERED_LANGUAGES.find((language) => language === primary);
    if (offered !== undefined) return offered;
  }
  return "en";
}

function isLanguage(value: string): value is Language {
  return Object.hasOwn(ATTRIBUTES, value);
}
