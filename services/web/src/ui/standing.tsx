import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Icon, type IconName } from "./icons.tsx";

/** How well somebody is known, as people see it; "self" and "noKey" are known without pins. */
export type ShownStanding = "verified" | "unverified" | "guest" | "changed" | "noKey" | "self";

interface Look {
  readonly icon: IconName;
  readonly style: "good" | "unverified" | "broken" | "plain";
  readonly text: string;
}

const LOOKS: Record<ShownStanding, Look> = {
  self: { icon: "verified", style: "good", text: texts.standingVerified },
  verified: { icon: "verified", style: "good", text: texts.standingVerified },
  unverified: { icon: "shield", style: "plain", text: texts.standingUnverified },
  guest: { icon: "unverified", style: "unverified", text: texts.standingGuest },
  changed: { icon: "broken", style: "broken", text: texts.standingChanged },
  noKey: { icon: "key", style: "plain", text: texts.standingNoKey },
};

/** How well a participant is known; undefined in a meeting where nobody proves who they are. */
export function standingOf(session: Session, participantId: string): ShownStanding | undefined {
  const { protection } = session;
  if (!protection.isOn.value) return undefined;
  if (!protection.members.value.has(participantId)) return "noKey";
  if (participantId === session.roster.value?.selfId) return "self";
  return protection.acquaintances.value?.standings.value.get(participantId) ?? "unverified";
}

export function Standing({ standing }: { standing: ShownStanding }): JSX.Element {
  const { icon, style, text } = LOOKS[standing];
  return (
    <span class={`standing standing-${style}`}>
      <Icon name={icon} size="s" />
      {text}
    </span>
  );
}

/** On a tile: only what one has to be warned of. */
export function StandingPill({ standing }: { standing: ShownStanding | undefined }): JSX.Element | null {
  if (standing !== "guest" && standing !== "changed") return null;
  const { icon, text } = LOOKS[standing];
  return (
    <span class={`pill pill-${standing}`}>
      <Icon name={icon} size="s" />
      <span class="pill-text">{text}</span>
    </span>
  );
}
