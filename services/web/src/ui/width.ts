import { signal, type ReadonlySignal } from "@preact/signals";

/** Whether panels lie beside the stage, where there is room for both, or over it. */
export const panelsBeside: ReadonlySignal<boolean> = matching("(min-width: 64rem)");

function matching(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  list.addEventListener("change", () => {
    matches.value = list.matches;
  });
  return matches;
}
