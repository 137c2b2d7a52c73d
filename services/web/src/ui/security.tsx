import type { JSX } from "preact";

import type { Room } from "../gen/conclave/v1/rooms_pb.js";
import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { GroupSecurity } from "./groupsecurity.tsx";
import { Icon } from "./icons.tsx";
import { Panel } from "./panel.tsx";
import { protectionIn, protectionOf, recordingOf, type SecurityFact } from "./protection.ts";

/** Protection and recording of a meeting in one sentence; empty before the room is known. */
export function securityText(session: Session): string {
  const room = session.room.value;
  return room === undefined ? "" : texts.security(protectionIn(session)?.chip ?? "", recordingOf(room).chip);
}

/** Protection and recording in words, top left of the meeting; opens the panel that explains them. */
export function SecurityChip({ session, open }: { session: Session; open: () => void }): JSX.Element | null {
  const room = session.room.value;
  const protection = protectionIn(session);
  if (room === undefined || protection === undefined) return null;
  return (
    <button type="button" class="chip" onClick={open}>
      {/* The whole is said, however little of it there is room to show. */}
      <span class="hidden-text">{securityText(session)}</span>
      <span class="chip-halves" aria-hidden="true">
        <SecurityHalf fact={protection} /> <SecurityHalf fact={recordingOf(room)} />
      </span>
    </button>
  );
}

/** The same where nothing explains more. */
export function SecurityMark({ room }: { room: Room }): JSX.Element {
  return (
    <p class="chip">
      <SecurityHalf fact={protectionOf(room)} /> <SecurityHalf fact={recordingOf(room)} />
    </p>
  );
}

function SecurityHalf({ fact }: { fact: SecurityFact }): JSX.Element {
  return (
    <span class={`chip-half ${fact.style}`}>
      <Icon name={fact.icon} size="s" />
      <span class="chip-long">{fact.chip}</span>
      <span class="chip-short">{fact.short}</span>
    </span>
  );
}

/** What protects the meeting, explained. */
export function SecurityPanel({ session, close }: { session: Session; close: () => void }): JSX.Element | null {
  const room = session.room.value;
  const protection = protectionIn(session);
  if (room === undefined || protection === undefined) return null;
  return (
    <Panel title={texts.securityTitle} close={close}>
      <div class="card security-card">
        <SecurityLine fact={protection} heading="h3" />
        <SecurityLine fact={recordingOf(room)} heading="h3" />
      </div>
      <GroupSecurity session={session} />
    </Panel>
  );
}

/** What a heading is called where it stands in the order of the page's headings. */
type HeadingLevel = "h2" | "h3";

/** The same before joining, with what it means. */
export function SecurityCard({ room, heading }: { room: Room; heading: HeadingLevel }): JSX.Element {
  return (
    <div class="card security-card">
      <SecurityLine fact={protectionOf(room)} heading={heading} />
      <SecurityLine fact={recordingOf(room)} heading={heading} />
    </div>
  );
}

function SecurityLine({ fact, heading: Heading }: { fact: SecurityFact; heading: HeadingLevel }): JSX.Element {
  return (
    <div class="security-line">
      <span class={`security-icon ${fact.style}`}>
        <Icon name={fact.icon} />
      </span>
      <div>
        <Heading>{fact.title}</Heading>
        <p>{fact.text}</p>
      </div>
    </div>
  );
}
