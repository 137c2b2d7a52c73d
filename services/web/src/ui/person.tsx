import type { JSX } from "preact";

import { SourceKind, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import { Role } from "../gen/conclave/v1/rooms_pb.js";
import { texts } from "../i18n/index.ts";
import { activeSource, isReconnecting, raisedHands } from "../protocol/roster.ts";
import type { Session } from "../session/session.ts";
import { Avatar } from "./avatar.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { hasOtherHost } from "./leaving.ts";
import { Menu, type MenuItem } from "./menu.tsx";
import { QualityLine } from "./othersquality.tsx";
import { Standing, standingOf } from "./standing.tsx";

interface PersonProps {
  readonly session: Session;
  readonly participant: Participant;
  /** Asks whether this person shall be taken out. */
  readonly askToRemove: () => void;
}

/** One person in the meeting: who it is, how they are, and what a host may do about them. */
export function Person({ session, participant, askToRemove }: PersonProps): JSX.Element {
  const isSelf = participant.id === session.roster.value?.selfId;
  const standing = standingOf(session, participant.id);
  const items = session.isHost.value ? actionsFor(session, participant, isSelf, askToRemove) : [];
  return (
    <>
      <Avatar participant={participant} />
      <div class="person-text">
        <p class="person-name">
          {participant.displayName} {isSelf && <span class="person-you">{texts.you}</span>}
        </p>
        <p class="person-line">
          {describe(participant)}
          {standing !== undefined && <Standing standing={standing} />}
        </p>
        {!isSelf && <QualityLine participant={participant} />}
      </div>
      <Marks session={session} participant={participant} />
      {items.length > 0 && (
        <Menu name={texts.moreActionsFor(participant.displayName)} class="icon-button" items={items}>
          <Icon name="more" size="s" />
        </Menu>
      )}
    </>
  );
}

function describe(participant: Participant): string {
  if (isReconnecting(participant)) return texts.stateReconnecting;
  if (participant.role === Role.DEVICE) return texts.device;
  if (participant.role === Role.HOST) return participant.member ? texts.hostAndMember : texts.host;
  return participant.member ? texts.member : texts.guest;
}

function Marks({ session, participant }: { session: Session; participant: Participant }): JSX.Element {
  const hands = raisedHands(session.roster.value?.participants ?? []);
  const place = hands.findIndex((each) => each.id === participant.id) + 1;
  const microphone = activeSource(participant, SourceKind.MICROPHONE) !== undefined;
  const camera = activeSource(participant, SourceKind.CAMERA) !== undefined;
  return (
    <div class="person-marks">
      {place > 0 && (
        <span class="mark-hand">
          <Icon name="hand" size="s" />
          <span aria-hidden="true">{place}</span>
          <span class="hidden-text">{texts.handPlace(place)}</span>
        </span>
      )}
      {!camera && <Mark icon="cameraOff" text={texts.cameraIsOff} />}
      {microphone ? <Icon name="microphone" size="s" /> : <Mark icon="microphoneOff" text={texts.muted} />}
    </div>
  );
}

function Mark({ icon, text }: { icon: IconName; text: string }): JSX.Element {
  return (
    <span class="mark-off" title={text}>
      <Icon name={icon} size="s" />
      <span class="hidden-text">{text}</span>
    </span>
  );
}

function actionsFor(session: Session, participant: Participant, isSelf: boolean, askToRemove: () => void): MenuItem[] {
  const { hosting } = session;
  const { id } = participant;
  const isHost = participant.role === Role.HOST;
  const items: MenuItem[] = [];
  if (!isSelf && activeSource(participant, SourceKind.MICROPHONE) !== undefined) {
    items.push({ text: texts.mutePerson, icon: "microphoneOff", press: () => void hosting.mute(id) });
  }
  if (!isSelf && participant.handRaiseTime !== undefined) {
    items.push({ text: texts.lowerHand, icon: "hand", press: () => void hosting.lowerHand(id) });
  }
  if (participant.role === Role.PARTICIPANT) {
    items.push({ text: texts.makeHost, icon: "shield", press: () => void hosting.setRole(id, Role.HOST) });
  } else if (isHost && (!isSelf || hasOtherHost(session))) {
    const text = isSelf ? texts.giveUpHosting : texts.makeParticipant;
    items.push({ text, icon: "people", press: () => void hosting.setRole(id, Role.PARTICIPANT) });
  }
  if (!isSelf) items.push({ text: texts.removePerson, icon: "exit", destructive: true, press: askToRemove });
  return items;
}
