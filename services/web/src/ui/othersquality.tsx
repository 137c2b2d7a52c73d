import type { JSX } from "preact";

import type { Participant } from "../gen/conclave/v1/meetings_pb.js";
import { Bars } from "./bars.tsx";
import { troubleOf } from "./trouble.ts";

/** On a tile: bars and, where there is room, words; what one points at or hears read tells the rest. */
export function QualityPill({ participant }: { participant: Participant }): JSX.Element | null {
  const trouble = troubleOf(participant);
  if (trouble === undefined) return null;
  return (
    <span class={`pill ${trouble.level}`} title={trouble.whole}>
      <Bars level={trouble.level} />
      <span class="pill-text" aria-hidden="true">
        {trouble.short}
      </span>
      <span class="hidden-text">{trouble.whole}</span>
    </span>
  );
}

/** In a list of people. */
export function QualityLine({ participant }: { participant: Participant }): JSX.Element | null {
  const trouble = troubleOf(participant);
  if (trouble === undefined) return null;
  return (
    <p class={`person-line ${trouble.level}`}>
      <Bars level={trouble.level} />
      <span>{trouble.whole}</span>
    </p>
  );
}
