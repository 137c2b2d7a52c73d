import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/** Focuses something that the Tab key leaves out. */
export function focusOn(element: HTMLElement): void {
  element.tabIndex = -1;
  element.focus();
}

/**
 * Remembers what has the focus before something opens. Returns what gives it back once that is gone, unless the person
 * has moved the focus elsewhere meanwhile.
 */
export function borrowFocus(opened: HTMLElement | null): () => void {
  const before = document.activeElement;
  return () => {
    const focused = document.activeElement;
    const isLost = focused === null || focused === document.body || opened?.contains(focused) === true;
    if (isLost && before instanceof HTMLElement) before.focus();
  };
}

/** When what has the focus within an element goes with a change of what is shown, its heir gets it. */
export function useFocusHeir(element: RefObject<HTMLElement | null>, heir: (element: HTMLElement) => HTMLElement | null | undefined): void {
  const hadFocus = element.current?.contains(document.activeElement) === true;
  useLayoutEffect(() => {
    const isLost = document.activeElement === null || document.activeElement === document.body;
    if (hadFocus && isLost && element.current !== null) heir(element.current)?.focus();
  });
}
