import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { DeviceProblem } from "../media/devices.ts";
import type { Session } from "../session/session.ts";
import { Icon } from "./icons.tsx";
import { Picture } from "./picture.tsx";

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

/** How one looks and sounds before one joins, and what stops the devices if anything does. */
export function Preview({ session }: { session: Session }): JSX.Element {
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
