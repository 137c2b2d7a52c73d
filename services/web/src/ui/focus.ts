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
