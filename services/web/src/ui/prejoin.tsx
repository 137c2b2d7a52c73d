import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { DeviceProblem } from "../media/devices.ts";
import type { Session } from "../session/session.ts";
import { Icon } from "./icons.tsx";
import { Page } from "./page.tsx";
import { Picture } from "./picture.tsx";
import { SecurityCard } from "./security.tsx";

const LONGEST_NAME = 64;

const MICROPHONE_PROBLEMS: Record<DeviceProblem, string> = {
  blocked: texts.microphoneBlocked,
  missing: texts.microphoneMissing,
  busy: texts.microphoneBusy,
};
const CAMERA_PROBLEMS: Record<DeviceProblem, string> = {
  blocked: texts.cameraBlocked,
  missing: texts.cameraMissing,
  busy: texts.cameraBusy,
};

/** What stops the devices, one line each. */
export function deviceProblems(session: Session): string[] {
  const { microphoneProblem, cameraProblem } = session.local;
  const problems: string[] = [];
  if (microphoneProblem.value !== undefined) problems.push(MICROPHONE_PROBLEMS[microphoneProblem.value]);
  if (cameraProblem.value !== undefined) problems.push(CAMERA_PROBLEMS[cameraProblem.value]);
  return problems;
}

/** Before the meeting: what it is, how one looks, and under which name one joins. */
export function Prejoin({ session }: { session: Session }): JSX.Element {
  const room = session.room.value;
  return (
    <Page>
      <div class="prejoin">
        <Preview session={session} />
        <section class="prejoin-form">
          {room === undefined ? (
            <p role="status">{texts.connecting}</p>
          ) : (
            <>
              <div>
                <p class="lead">{texts.invitedTo}</p>
                <h1>{room.displayName === "" ? room.name.replace(/^rooms\//, "") : room.displayName}</h1>
              </div>
              <SecurityCard room={room} />
              <NameForm session={session} />
            </>
          )}
        </section>
      </div>
    </Page>
  );
}

function Preview({ session }: { session: Session }): JSX.Element {
  const { local } = session;
  const microphoneOn = local.microphoneOn.value;
  const camera = local.camera.value;
  return (
    <section class="preview" aria-label={texts.preview}>
      <div class="preview-picture">
        {camera !== undefined && <Picture track={camera} mirrored />}
        <div class="preview-buttons">
          <button
            type="button"
            class={microphoneOn ? "round" : "round off"}
            aria-label={microphoneOn ? texts.muteMicrophone : texts.unmuteMicrophone}
            onClick={() => void local.setMicrophone(!microphoneOn)}
          >
            <Icon name={microphoneOn ? "microphone" : "microphoneOff"} size="l" />
          </button>
          <button
            type="button"
            class={camera !== undefined ? "round" : "round off"}
            aria-label={camera !== undefined ? texts.turnCameraOff : texts.turnCameraOn}
            onClick={() => void local.setCamera(camera === undefined)}
          >
            <Icon name={camera !== undefined ? "camera" : "cameraOff"} size="l" />
          </button>
        </div>
      </div>
      {deviceProblems(session).map((problem) => (
        <p key={problem} class="note" role="status">
          <Icon name="warning" />
          {problem}
        </p>
      ))}
    </section>
  );
}

function NameForm({ session }: { session: Session }): JSX.Element {
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
