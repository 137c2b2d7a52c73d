import { useSignal, useSignalEffect, type ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import { Hearing } from "../media/hearing.ts";
import { watchLevel } from "../media/level.ts";
import type { LocalMedia } from "../session/local.ts";

/** What is heard of the microphone; undefined while it is off or the browser lets the page hear nothing yet. */
interface Heard {
  readonly level: number;
  readonly anything: boolean;
}

function useHeard(local: LocalMedia): ReadonlySignal<Heard | undefined> {
  const heard = useSignal<Heard | undefined>(undefined);
  useSignalEffect(() => {
    heard.value = undefined;
    const track = local.microphone.track.value;
    if (track === undefined || !local.microphoneOn.value) return;
    const hearing = new Hearing();
    return watchLevel(track, (level) => {
      heard.value = { level, anything: hearing.hears(level, performance.now()) };
    });
  });
  return heard;
}

const BARS = [1, 2, 3, 4];
/** Quieter is no bar, louder is all of them; in decibels below full scale. */
const LOWEST_DB = -54;
const HIGHEST_DB = -14;

/** How loud the microphone is, and in words whether anything is heard. */
export function MicrophoneLevel({ local }: { local: LocalMedia }): JSX.Element | null {
  const heard = useHeard(local).value;
  if (heard === undefined) return null;
  const decibels = 20 * Math.log10(Math.max(heard.level, 1e-6));
  const share = (decibels - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB);
  return (
    <span class="microphone-level">
      <Bars lit={Math.round(Math.min(1, Math.max(0, share)) * BARS.length)} />
      <span role="status">{heard.anything ? texts.weHearYou : texts.weDoNotHearYou}</span>
    </span>
  );
}

function Bars({ lit }: { lit: number }): JSX.Element {
  return (
    <span class="bars" aria-hidden="true">
      {BARS.map((bar) => (
        <i key={bar} class={bar <= lit ? "lit" : ""} />
      ))}
    </span>
  );
}
