import { useEffect, useRef } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import { focusOn } from "./focus.ts";

/**
 * Tells of another page in the place of the one before: the window's title says what it is, and its heading takes the
 * focus, so that a screen reader reads on from there. The first page leaves the focus alone.
 *
 * page: changes when another page is shown; title: what the window is called, undefined for what the heading says.
 */
export function useHeading(page: string, title: string | undefined): void {
  const shown = useRef<string | undefined>(undefined);
  useEffect(() => {
    const heading = document.querySelector<HTMLElement>("h1");
    const name = title ?? heading?.textContent ?? "";
    document.title = name === "" ? texts.product : texts.titleOf(name, texts.product);
    if (shown.current !== undefined && shown.current !== page && heading !== null) focusOn(heading);
    shown.current = page;
  }, [page, title]);
}
