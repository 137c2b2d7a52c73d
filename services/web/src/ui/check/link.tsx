import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";

/**
 * Leads to the page that looks at what a meeting needs; in a tab of its own, so that nobody leaves a meeting by it. It
 * takes the invite along, which gives the check a place before strangers'.
 */
export function CheckLink(): JSX.Element | null {
  if (location.pathname === "/check") return null;
  return (
    <a class="check-link" href={`/check${location.hash}`} target="_blank" rel="noopener">
      {texts.checkLink}
    </a>
  );
}
