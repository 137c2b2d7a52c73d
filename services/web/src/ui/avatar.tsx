import type { JSX } from "preact";

import type { Participant } from "../gen/conclave/v1/meetings_pb.js";

/** A person's initials on their colour; decorative beside the name. */
export function Avatar({ participant }: { participant: Pick<Participant, "id" | "displayName"> }): JSX.Element {
  return (
    <span class={`avatar who-${colourOf(participant.id)}`} aria-hidden="true">
      {initialsOf(participant.displayName)}
    </span>
  );
}

/** The first letters of the first and last word of a name. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u);
  const first = words[0] ?? "";
  const last = words.length > 1 ? (words.at(-1) ?? "") : "";
  return `${[...first][0] ?? ""}${[...last][0] ?? ""}`.toUpperCase();
}

/** One of six colours, always the same for a participant. */
export function colourOf(participantId: string): number {
  let sum = 0;
  for (const character of participantId) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 6007;
  return (sum % 6) + 1;
}
