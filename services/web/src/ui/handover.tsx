import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Role } from "../gen/conclave/v1/rooms_pb.js";
import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Avatar } from "./avatar.tsx";
import { Dialog } from "./dialog.tsx";
import { HostProblem } from "./hostproblem.tsx";
import { possibleHosts } from "./leaving.ts";

/** Asks the only host who shall be host from now on. */
export function HandOverDialog({ session, close }: { session: Session; close: () => void }): JSX.Element {
  const others = possibleHosts(session);
  const chosenId = useSignal(others[0]?.id ?? "");
  const handOver = async (): Promise<void> => {
    if (await session.hosting.setRole(chosenId.value, Role.HOST)) await session.leave();
  };
  return (
    <Dialog
      title={texts.handOverTitle}
      close={close}
      actions={
        <>
          <button type="button" class="button outline" onClick={() => void session.leave()}>
            {texts.leaveAnyway}
          </button>
          <button type="button" class="button primary" onClick={() => void handOver()}>
            {texts.handOverAndLeave}
          </button>
        </>
      }
    >
      <p>{texts.handOverText}</p>
      <HostProblem session={session} />
      <fieldset class="hand-over">
        <legend class="panel-section">{texts.newHost}</legend>
        {others.map((participant) => (
          <label key={participant.id} class="person">
            <input
              type="radio"
              name="new-host"
              checked={participant.id === chosenId.value}
              onChange={() => {
                chosenId.value = participant.id;
              }}
            />
            <Avatar participant={participant} />
            <span class="person-text">{participant.displayName}</span>
          </label>
        ))}
      </fieldset>
    </Dialog>
  );
}
