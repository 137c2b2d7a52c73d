import type { JSX } from "preact";

import type { WaitingParticipant } from "../gen/conclave/v1/meetings_pb.js";
import { texts } from "../i18n/index.ts";
import { isReconnecting } from "../protocol/roster.ts";
import type { Session } from "../session/session.ts";
import { Avatar } from "./avatar.tsx";
import { HostProblem } from "./hostproblem.tsx";
import { Icon } from "./icons.tsx";
import type { View } from "./view.ts";

/** Who waits to be let in, on top of the People panel; absent while nobody does. */
export function LobbySection({ session }: { session: Session }): JSX.Element | null {
  const waiting = session.roster.value?.waiting ?? [];
  if (waiting.length === 0) return null;
  return (
    <section class="lobby" aria-label={texts.lobbyTitle}>
      <div class="lobby-head">
        <h3 class="panel-section">
          {texts.lobbyTitle} <span class="count">{waiting.length}</span>
        </h3>
        {waiting.length > 1 && !waiting.some(needsLook) && (
          <button type="button" class="button small" onClick={() => void session.hosting.admitAll()}>
            {texts.admitAll}
          </button>
        )}
      </div>
      <ul class="people">
        {waiting.map((person, index) => (
          <li key={person.id}>
            <WaitingPerson session={session} person={person} primary={index === 0} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function WaitingPerson(props: { session: Session; person: WaitingParticipant; primary: boolean }): JSX.Element {
  const { person, primary } = props;
  const { hosting } = props.session;
  return (
    <div class="waiting-person" role="group" aria-label={person.displayName}>
      <div class="person">
        <Avatar participant={person} />
        <div class="person-text">
          <p class="person-name">{person.displayName}</p>
          <p class={isKnown(person) ? "person-line" : "person-line unverified"}>
            {!isKnown(person) && <Icon name="unverified" size="s" />}
            {isReconnecting(person) ? texts.stateReconnecting : howKnown(person)}
          </p>
        </div>
      </div>
      <div class="waiting-buttons">
        <button
          type="button"
          class={primary ? "button small primary" : "button small outline"}
          onClick={() => void hosting.admit(person.id)}
        >
          {texts.admit}
        </button>
        <button type="button" class="button small ghost" onClick={() => void hosting.turnAway(person.id)}>
          {texts.turnAway}
        </button>
      </div>
    </div>
  );
}

function isKnown(person: WaitingParticipant): boolean {
  return person.member && !person.keyIsNew;
}

function howKnown(person: WaitingParticipant): string {
  if (!person.member) return texts.guestLink;
  return person.keyIsNew ? texts.keyIsNew : texts.invitedByName;
}

/** Whether a host should read about somebody, in the panel, before letting them in: they may have found another's invite. */
function needsLook(person: WaitingParticipant): boolean {
  return person.keyIsNew;
}

/** Over the stage while the People panel is closed: who waits, and letting them in. */
export function LobbyBanner({ session, view }: { session: Session; view: View }): JSX.Element | null {
  if (view.panel.value === "people") return null;
  const waiting = session.roster.value?.waiting ?? [];
  const [first, ...others] = waiting;
  // Announcements says it to screen readers, at the level that the person chose.
  return (
    <>
      <HostProblem session={session} />
      {first !== undefined && (
        <div class="banner lobby-banner" role="group" aria-label={texts.lobbyTitle}>
          <Icon name="people" />
          <span>{texts.waitsInLobby(first.displayName, others.length)}</span>
          <button type="button" class="button small ghost" onClick={() => view.togglePanel("people")}>
            {texts.lobbyShow}
          </button>
          {!waiting.some(needsLook) && (
            <button
              type="button"
              class="button small primary"
              onClick={() => void (others.length === 0 ? session.hosting.admit(first.id) : session.hosting.admitAll())}
            >
              {others.length === 0 ? texts.admit : texts.admitAll}
            </button>
          )}
        </div>
      )}
    </>
  );
}
