import { effect } from "@preact/signals";

import { isBoolean, remembered } from "../session/preferences.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
/** Text sizes, percent of the browser's own. */
export const TEXT_SIZES = [100, 115, 130, 150] as const;
export type TextSize = (typeof TEXT_SIZES)[number];

export const isTheme = (value: unknown): value is Theme => THEMES.some((theme) => theme === value);
export const isTextSize = (value: unknown): value is TextSize => TEXT_SIZES.some((size) => size === value);

/** How the person wants the page to look; what the system asks for besides holds in any case. */
export const theme = remembered<Theme>("theme", "system", isTheme);
export const textSize = remembered<TextSize>("textSize", 100, isTextSize);
export const lessMotion = remembered("lessMotion", false, isBoolean);
export const moreContrast = remembered("moreContrast", false, isBoolean);

/** Keeps the page as the person wants it; tokens.css knows the attributes. */
export function keepDisplay(page: HTMLElement): void {
  effect(() => {
    set(page, "data-theme", theme.value === "system" ? undefined : theme.value);
    set(page, "data-text-size", textSize.value === 100 ? undefined : String(textSize.value));
    set(page, "data-motion", lessMotion.value ? "less" : undefined);
    set(page, "data-contrast", moreContrast.value ? "more" : undefined);
  });
}

function set(page: HTMLElement, attribute: string, value: string | undefined): void {
  if (value === undefined) page.removeAttribute(attribute);
  else page.setAttribute(attribute, value);
}
