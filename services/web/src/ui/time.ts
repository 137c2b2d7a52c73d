import { language, texts } from "../i18n/index.ts";
import { ATTRIBUTES } from "../i18n/language.ts";

const CLOCK = new Intl.DateTimeFormat(ATTRIBUTES[language].lang, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

/** A moment as a clock shows it: "14:32". */
export function clockTime(timeMs: number): string {
  return CLOCK.format(timeMs);
}

/** How long something took, in whole minutes. */
export function lengthText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes < 1 ? texts.underOneMinute : texts.minutes(minutes);
}
