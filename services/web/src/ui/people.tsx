import type { JSX } from "preact";

import { Role } from "../gen/conclave/v1/rooms_pb.js";
import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Avatar } from "./avatar.tsx";
import { Panel } from "./panel.tsx";

/** Who is in the meeting. */
export function PeoplePanel({ session, close }: { session: Session; close: () => void }): JSX.Element {
  const roster = session.roster.value;
  return (
    <Panel title={texts.peopleTitle} close={close}>
      <h3 class="panel-section">{texts.inTheMeeting}</h3>
      <ul class="people">
        {(roster?.participants ?? []).map((participant) => (
          <li key={participant.id} class="person">
            <Avatar participant={participant} />
            <span class="person-name">
              {participant.displayName} {participant.id === roster?.selfId && texts.you}
            </span>
            {participant.role === Role.HOST && <span class="person-role">{texts.host}</span>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
