import type { LocalMedia } from "../session/local.ts";

/** Space does its own work in these. */
const TAKES_SPACE = "input, textarea, select, button, a, video, [contenteditable], [role=menu], dialog";

/** While Space is held, the muted microphone is on. Returns what stops it. */
export function listenForPushToTalk(local: LocalMedia): () => void {
  let held = false;
  const pressed = (event: KeyboardEvent): void => {
    if (event.code !== "Space" || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (held) {
      event.preventDefault(); // Repeats while it is held would scroll.
      return;
    }
    if (event.repeat || event.defaultPrevented || !local.preferences.holdSpaceToTalk.peek()) return;
    if (local.microphoneOn.peek() || takesSpace(event.target)) return;
    event.preventDefault();
    held = true;
    void local.setMicrophone(true);
  };
  const letGo = (): void => {
    if (!held) return;
    held = false;
    void local.setMicrophone(false);
  };
  const released = (event: KeyboardEvent): void => {
    if (event.code === "Space") letGo();
  };
  document.addEventListener("keydown", pressed);
  document.addEventListener("keyup", released);
  // Whoever goes elsewhere with the key held lets it go where the page does not hear of it.
  window.addEventListener("blur", letGo);
  document.addEventListener("visibilitychange", letGo);
  return () => {
    letGo();
    document.removeEventListener("keydown", pressed);
    document.removeEventListener("keyup", released);
    window.removeEventListener("blur", letGo);
    document.removeEventListener("visibilitychange", letGo);
  };
}

function takesSpace(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TAKES_SPACE) !== null;
}
