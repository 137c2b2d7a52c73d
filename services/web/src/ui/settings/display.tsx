import type { JSX } from "preact";

import { languageChoice, texts } from "../../i18n/index.ts";
import { LANGUAGE_NAMES, OFFERED_LANGUAGES } from "../../i18n/language.ts";
import { lessMotion, moreContrast, TEXT_SIZES, textSize, theme } from "../display.ts";
import { Choice } from "./choice.tsx";
import { Pick } from "./pick.tsx";

const LOADED_WITH = languageChoice.peek();

/** The language, and how the page looks. */
export function DisplaySettings(): JSX.Element {
  return (
    <>
      <Pick
        label={texts.languageLabel}
        icon="language"
        chosen={languageChoice}
        options={[
          { value: "system", text: texts.languageOfBrowser },
          ...OFFERED_LANGUAGES.map((value) => ({ value, text: LANGUAGE_NAMES[value], lang: value })),
        ]}
      />
      {languageChoice.value !== LOADED_WITH && (
        <p class="setting-text" role="status">
          {texts.languageLater}
        </p>
      )}
      <Pick
        label={texts.theme}
        icon="contrast"
        chosen={theme}
        options={[
          { value: "system", text: texts.themeSystem },
          { value: "light", text: texts.themeLight },
          { value: "dark", text: texts.themeDark },
        ]}
      />
      <Pick
        label={texts.textSize}
        icon="textSize"
        chosen={textSize}
        options={TEXT_SIZES.map((value) => ({ value, text: texts.percent(value) }))}
      />
      <Choice value={moreContrast}>{texts.moreContrast}</Choice>
      <Choice value={lessMotion}>{texts.lessMotion}</Choice>
    </>
  );
}
