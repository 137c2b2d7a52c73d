import { signal } from "@preact/signals";

/** Whether the page fills the screen. */
export const isFullScreen = signal(false);
globalThis.document?.addEventListener("fullscreenchange", () => {
  isFullScreen.value = document.fullscreenElement !== null;
});

/** A phone's browser may not let a page. */
export function canBeFullScreen(): boolean {
  return document.fullscreenEnabled;
}

export async function toggleFullScreen(): Promise<void> {
  if (!canBeFullScreen()) return;
  if (document.fullscreenElement !== null) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
}
