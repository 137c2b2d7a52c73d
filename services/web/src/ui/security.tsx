import type { JSX } from "preact";

import { ProtectionMode, type Room } from "../gen/conclave/v1/rooms_pb.js";
import { texts } from "../i18n/index.ts";
import { Icon, type IconName } from "./icons.tsx";
import { Panel } from "./panel.tsx";

interface Protection {
  readonly style: "managed" | "e2e";
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
}

function protectionOf(mode: ProtectionMode): Protection {
  // Whatever is not known to be end-to-end is never called so.
  if (mode === ProtectionMode.END_TO_END || mode === ProtectionMode.END_TO_END_SEALED) {
    return { style: "e2e", icon: "shieldKeyhole", title: texts.endToEndTitle, text: texts.endToEndText };
  }
  return { style: "managed", icon: "managed", title: texts.managedTitle, text: texts.managedText };
}

/** Protection and recording in one sentence. */
export function securityText(room: Room): string {
  return texts.security(protectionOf(room.protectionMode).title, texts.notRecorded);
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
  const protection = protectionOf(room.protectionMode);
  return (
    <>
      <span class={protection.style}>
        <Icon name={protection.icon} size="s" />
        {protection.title}
      </span>{" "}
      <span class="unrecorded">
        <Icon name="notRecorded" size="s" />
        {texts.notRecorded}
      </span>
    </>
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
  const protection = protectionOf(room.protectionMode);
  return (
    <div class="card security-card">
      <SecurityLine icon={protection.icon} style={protection.style} title={protection.title} text={protection.text} />
      <SecurityLine icon="notRecorded" style="unrecorded" title={texts.notRecorded} text={texts.notRecordedText} />
    </div>
  );
}

function SecurityLine(props: { icon: IconName; style: string; title: string; text: string }): JSX.Element {
  return (
    <div class="security-line">
      <span class={`security-icon ${props.style}`}>
        <Icon name={props.icon} />
      </span>
      <div>
        <h2>{props.title}</h2>
        <p>{props.text}</p>
      </div>
    </div>
  );
}
