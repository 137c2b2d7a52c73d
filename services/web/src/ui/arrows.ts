/** The item of a list that an arrow, Home or End leads to from the one that has the focus; undefined for other keys. */
export function itemAfter(key: string, items: readonly HTMLElement[]): HTMLElement | undefined {
  const at = items.findIndex((item) => item === document.activeElement);
  const target: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
  const next = target[key];
  return next === undefined ? undefined : items.at(next % items.length);
}
