import { useSignal, useSignalEffect, type ReadonlySignal } from "@preact/signals";

import { Talking } from "../media/hearing.ts";
import { watchLevel } from "../media/level.ts";
import type { LocalMedia } from "../session/local.ts";

/** How long the hint stays after the last word. */
const SHOWN_MS = 4000;

/** Whether the person talks to a muted microphone. It is found out here; nothing of it is sent anywhere. */
export function useTalkingWhileMuted(local: LocalMedia): ReadonlySignal<boolean> {
  const shown = useSignal(false);
  useSignalEffect(() => {
    shown.value = false;
    const track = local.microphone.track.value;
    if (track === undefined || local.microphoneOn.value) return;
    const talking = new Talking();
    let shownUntil = 0;
    return watchLevel(track, (level) => {
      const now = performance.now();
      if (talking.talks(level, now)) shownUntil = now + SHOWN_MS;
      shown.value = now < shownUntil;
    });
  });
  return shown;
}
