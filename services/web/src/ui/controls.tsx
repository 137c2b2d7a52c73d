import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Icon, type IconName } from "./icons.tsx";

interface ControlProps {
  readonly icon: IconName;
  readonly name: string;
  readonly label: string;
  readonly style?: "on" | "off" | "leave" | undefined;
  readonly press: () => void;
}

function Control({ icon, name, label, style, press }: ControlProps): JSX.Element {
  return (
    <button type="button" class={`control ${style ?? ""}`} aria-label={name} onClick={press}>
      <Icon name={icon} />
      <span>{label}</span>
    </button>
  );
}

/** The control bar: microphone, camera, screen, leave. A control's name says what pressing it does. */
export function Controls({ session }: { session: Session }): JSX.Element {
  const { local } = session;
  const microphoneOn = local.microphoneOn.value;
  const cameraOn = local.camera.value !== undefined;
  const sharing = local.screen.value !== undefined;
  return (
    <footer class="controls" aria-label={texts.controls}>
      <Control
        icon={microphoneOn ? "microphone" : "microphoneOff"}
        name={microphoneOn ? texts.muteMicrophone : texts.unmuteMicrophone}
        label={microphoneOn ? texts.labelMute : texts.labelUnmute}
        style={microphoneOn ? undefined : "off"}
        press={() => void local.setMicrophone(!microphoneOn)}
      />
      <Control
        icon={cameraOn ? "camera" : "cameraOff"}
        name={cameraOn ? texts.turnCameraOff : texts.turnCameraOn}
        label={cameraOn ? texts.labelCameraOff : texts.labelCameraOn}
        style={cameraOn ? undefined : "off"}
        press={() => void local.setCamera(!cameraOn)}
      />
      <Control
        icon="screen"
        name={sharing ? texts.stopSharing : texts.shareScreen}
        label={sharing ? texts.labelStopSharing : texts.labelShare}
        style={sharing ? "on" : undefined}
        press={() => void local.setScreen(!sharing)}
      />
      <Control
        icon="leave"
        name={texts.leaveMeeting}
        label={texts.labelLeave}
        style="leave"
        press={() => void session.leave()}
      />
    </footer>
  );
}

/** Single keys, off while typing. Returns what removes them. */
export function listenForShortcuts(session: Session): () => void {
  const { local } = session;
  const pressed = (event: KeyboardEvent): void => {
    if (event.repeat || event.defaultPrevented || isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey && event.shiftKey && key === "l") void session.leave();
    else if (event.ctrlKey || event.altKey || event.metaKey) return;
    else if (key === "m") void local.setMicrophone(!local.microphoneOn.value);
    else if (key === "v") void local.setCamera(local.camera.value === undefined);
    else if (key === "s") void local.setScreen(local.screen.value === undefined);
    else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
