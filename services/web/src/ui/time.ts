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

/** How long something has been going on as a running clock shows it: "4:17", "1:02:40". */
export function runningTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours === 0 ? `${minutes}:${two(seconds % 60)}` : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}

/** How long something took, in whole minutes. */
export function lengthText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes < 1 ? texts.underOneMinute : texts.minutes(minutes);
}
