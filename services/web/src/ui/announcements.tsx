import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";

/** At most one announcement in this time, so that a full room does not talk a screen reader to death. */
const INTERVAL_MS = 3000;

/** Joins and leaves, said to screen readers. */
export function Announcements({ session }: { session: Session }): JSX.Element {
  const said = useSignal("");
  useEffect(() => {
    let known = namesOf(session);
    const timer = setInterval(() => {
      const now = namesOf(session);
      const news: string[] = [];
      for (const [id, name] of now) if (!known.has(id)) news.push(texts.joined(name));
      for (const [id, name] of known) if (!now.has(id)) news.push(texts.gone(name));
      known = now;
      if (news.length > 0) said.value = news.join(" ");
    }, INTERVAL_MS);
    return () => clearInterval(timer);
  }, [session, said]);
  return (
    <p class="hidden-text" role="status">
      {said.value}
    </p>
  );
}

function namesOf(session: Session): Map<string, string> {
  const participants = session.roster.peek()?.participants ?? [];
  return new Map(participants.map((participant) => [participant.id, participant.displayName]));
}
