import type { JSX } from "preact";

import type { Room } from "../gen/conclave/v1/rooms_pb.js";
import { texts } from "../i18n/index.ts";
import { Icon } from "./icons.tsx";
import { Panel } from "./panel.tsx";
import { protectionOf, recordingOf, type SecurityFact } from "./protection.ts";

/** Protection and recording in one sentence. */
export function securityText(room: Room): string {
  return texts.security(protectionOf(room).title, recordingOf(room).title);
}

/** Protection and recording in words, top left of the meeting; opens the panel that explains them. */
export function SecurityChip({ room, open }: { room: Room; open: () => void }): JSX.Element {
  return (
    <button type="button" class="chip" aria-label={securityText(room)} onClick={open}>
      <SecurityHalves room={room} />
    </button>
  );
}

/** The same where nothing explains more. */
export function SecurityMark({ room }: { room: Room }): JSX.Element {
  return (
    <p class="chip">
      <SecurityHalves room={room} />
    </p>
  );
}

function SecurityHalves({ room }: { room: Room }): JSX.Element {
  return (
    <>
      <SecurityHalf fact={protectionOf(room)} /> <SecurityHalf fact={recordingOf(room)} />
    </>
  );
}

function SecurityHalf({ fact }: { fact: SecurityFact }): JSX.Element {
  return (
    <span class={fact.style}>
      <Icon name={fact.icon} size="s" />
      {fact.title}
    </span>
  );
}

/** What protects the meeting, explained. */
export function SecurityPanel({ room, close }: { room: Room; close: () => void }): JSX.Element {
  return (
    <Panel title={texts.securityTitle} close={close}>
      <SecurityCard room={room} />
    </Panel>
  );
}

/** The same before joining, with what it means. */
export function SecurityCard({ room }: { room: Room }): JSX.Element {
  return (
    <div class="card security-card">
      <SecurityLine fact={protectionOf(room)} />
      <SecurityLine fact={recordingOf(room)} />
    </div>
  );
}

function SecurityLine({ fact }: { fact: SecurityFact }): JSX.Element {
  return (
    <div class="security-line">
      <span class={`security-icon ${fact.style}`}>
        <Icon name={fact.icon} />
      </span>
      <div>
        <h2>{fact.title}</h2>
        <p>{fact.text}</p>
      </div>
    </div>
  );
}
