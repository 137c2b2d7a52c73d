import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";

const LONGEST_NAME = 64;

/** Under which name one joins, and joining. */
export function NameForm({ session }: { session: Session }): JSX.Element {
  const name = useSignal("");
  const nameMissing = useSignal(false);
  const joining = session.phase.value === "joining";
  const join = (event: Event): void => {
    event.preventDefault();
    const displayName = name.value.trim();
    nameMissing.value = displayName === "";
    if (displayName !== "") void session.join(displayName);
  };
  const problem = nameMissing.value ? texts.nameNeeded : session.problem.value?.message;
  return (
    <form class="name-form" onSubmit={join} noValidate>
      <label class="field">
        {texts.yourName}
        <input
          class="input"
          autocomplete="name"
          maxLength={LONGEST_NAME}
          value={name.value}
          aria-describedby="join-problem"
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="button primary" disabled={joining}>
        {texts.joinMeeting}
      </button>
      <p id="join-problem" class="problem" role="status">
        {problem ?? (!session.online.value ? texts.waitingForAppliance : joining ? texts.joining : "")}
      </p>
    </form>
  );
}
