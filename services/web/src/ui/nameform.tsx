import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";

import { Role, type Room } from "../gen/conclave/v1/rooms_pb.js";
import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";

const LONGEST_NAME = 64;

interface NameFormProps {
  readonly session: Session;
  /** The name as it is typed, which outlives the form. */
  readonly typed: Signal<string>;
  readonly join: (name: string) => void;
}

/** Under which name one joins, and joining. */
export function NameForm({ session, typed, join }: NameFormProps): JSX.Element {
  const nameMissing = useSignal(false);
  const joining = session.phase.value === "joining";
  const fixedName = session.fixedName.value;
  const submit = (event: Event): void => {
    event.preventDefault();
    const displayName = fixedName === "" ? typed.value.trim() : fixedName;
    nameMissing.value = displayName === "";
    if (displayName !== "") join(displayName);
  };
  const problem = nameMissing.value ? texts.nameNeeded : session.problem.value?.message;
  const hint = session.room.value === undefined ? undefined : whatComesNext(session, session.room.value);
  return (
    <form class="name-form" aria-label={texts.joinMeeting} onSubmit={submit} noValidate>
      <label class="field">
        {texts.yourName}
        <input
          class="input"
          autocomplete="name"
          maxLength={LONGEST_NAME}
          value={fixedName === "" ? typed.value : fixedName}
          readOnly={fixedName !== ""}
          aria-describedby="join-problem join-name-note"
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
        />
        <span id="join-name-note" class="field-note">
          {fixedName !== "" && texts.nameFixed}
        </span>
      </label>
      <button type="submit" class="button primary" disabled={joining} aria-describedby="join-hint">
        {texts.joinMeeting}
      </button>
      <p id="join-hint" class="join-hint">
        {hint}
      </p>
      <p id="join-problem" class="problem" role="status">
        {problem ?? (!session.online.value ? texts.waitingForAppliance : joining ? texts.joining : "")}
      </p>
    </form>
  );
}

/** What happens after Join; undefined when one is simply in. */
function whatComesNext(session: Session, room: Room): string | undefined {
  if (session.role.value === Role.HOST) return undefined;
  const isMember = session.fixedName.value !== "";
  if (room.lobby && !isMember) return room.waitForHost ? texts.letInWhenHostComes : texts.letInByHost;
  return room.waitForHost ? texts.startsWithHost : undefined;
}
