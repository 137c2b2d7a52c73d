import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Confirm } from "./confirm.tsx";
import { HostProblem } from "./hostproblem.tsx";
import { Icon } from "./icons.tsx";
import { LobbySection } from "./lobby.tsx";
import { Panel } from "./panel.tsx";
import { Person } from "./person.tsx";
import { Switch } from "./switch.tsx";
import type { View } from "./view.ts";

interface PeoplePanelProps {
  readonly session: Session;
  readonly view: View;
  readonly close: () => void;
}

/** Who waits and who is in the meeting, and what hosts decide about them. */
export function PeoplePanel({ session, view, close }: PeoplePanelProps): JSX.Element {
  const participants = session.roster.value?.participants ?? [];
  const locked = session.roster.value?.locked ?? false;
  const isHost = session.isHost.value;
  const removingId = useSignal<string | undefined>(undefined);
  const removing = participants.find((participant) => participant.id === removingId.value);
  return (
    <Panel
      title={texts.peopleTitle}
      close={close}
      actions={isHost && <InviteButton view={view} />}
      foot={isHost ? <HostFoot session={session} /> : undefined}
    >
      {isHost && <HostProblem session={session} />}
      {isHost && <LobbySection session={session} />}
      <h3 id="in-the-meeting" class="panel-section">
        {texts.inTheMeeting} <span class="count">{participants.length}</span>
      </h3>
      {locked && <p class="person-line">{texts.lockedNote}</p>}
      <ul class="people" aria-labelledby="in-the-meeting">
        {participants.map((participant) => (
          <li key={participant.id} class="person">
            <Person
              session={session}
              participant={participant}
              askToRemove={() => {
                removingId.value = participant.id;
              }}
            />
          </li>
        ))}
      </ul>
      {removing !== undefined && (
        <Confirm
          title={texts.removeTitle(removing.displayName)}
          text={removing.member ? texts.removeMemberText : texts.removeGuestText}
          action={texts.removePerson}
          confirm={() => void session.hosting.remove(removing.id)}
          close={() => {
            removingId.value = undefined;
          }}
        />
      )}
    </Panel>
  );
}

function InviteButton({ view }: { view: View }): JSX.Element {
  return (
    <button type="button" class="button small outline" onClick={() => view.show("invite")}>
      <Icon name="plus" size="s" />
      {texts.invite}
    </button>
  );
}

function HostFoot({ session }: { session: Session }): JSX.Element {
  const locked = session.roster.value?.locked ?? false;
  return (
    <>
      <button
        type="button"
        class="button small outline"
        title={texts.muteEveryoneNote}
        onClick={() => void session.hosting.muteAll()}
      >
        {texts.muteEveryone}
      </button>
      <Switch text={texts.lockMeeting} on={locked} press={() => void session.hosting.setLock(!locked)} />
    </>
  );
}
