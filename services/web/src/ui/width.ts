import { signal, type ReadonlySignal } from "@preact/signals";

/** Whether panels lie beside the stage, where there is room for both, or over it. */
export const panelsBeside: ReadonlySignal<boolean> = matching("(min-width: 64rem)");

/** Whether the window is as narrow as a phone, where the control bar holds only what is needed most. */
export const isPhone: ReadonlySignal<boolean> = matching("(max-width: 39.9375rem)");

/** Whether the window is so low that the top bar gives its place to the stage. */
export const isLow: ReadonlySignal<boolean> = matching("(max-height: 29.9375rem)");

function matching(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  list.addEventListener("change", () => {
    matches.value = list.matches;
  });
  return matches;
}
