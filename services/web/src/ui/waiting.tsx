import type { JSX } from "preact";

import { WaitReason } from "../gen/conclave/v1/meetings_pb.js";
import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Icon } from "./icons.tsx";
import { Page } from "./page.tsx";
import { Picture } from "./picture.tsx";
import { SecurityMark } from "./security.tsx";

/** Before a door that somebody else opens: what one waits for, and how one looks meanwhile. */
export function WaitingPage({ session }: { session: Session }): JSX.Element {
  const room = session.room.value;
  const forHost = session.waitReason.value === WaitReason.HOST_ABSENT;
  return (
    <Page>
      <div class="waiting">
        <OwnPicture session={session} />
        <p class="lead">{room?.displayName}</p>
        <div role="status">
          <h1>{forHost ? texts.waitingForHostTitle : texts.waitingTitle}</h1>
          <p class="waiting-text">{forHost ? texts.waitingForHostText : texts.waitingText}</p>
          {!session.online.value && <p class="waiting-text">{texts.connectionLost}</p>}
        </div>
        {room !== undefined && <SecurityMark room={room} />}
        <WaitingControls session={session} />
      </div>
    </Page>
  );
}

function OwnPicture({ session }: { session: Session }): JSX.Element {
  const { camera: shown, cameraMirrored } = session.local;
  const camera = shown.value;
  return (
    <section class="waiting-picture" aria-label={texts.preview}>
      {camera === undefined ? <Icon name="cameraOff" size="l" /> : <Picture track={camera} mirrored={cameraMirrored.value} />}
      <span class="caption">{texts.onlyYouSeeThis}</span>
    </section>
  );
}

function WaitingControls({ session }: { session: Session }): JSX.Element {
  const { local } = session;
  const microphoneOn = local.microphoneOn.value;
  const cameraOn = local.camera.value !== undefined;
  return (
    <div class="waiting-controls">
      <button
        type="button"
        class="button outline"
        aria-label={microphoneOn ? texts.muteMicrophone : texts.unmuteMicrophone}
        onClick={() => void local.setMicrophone(!microphoneOn)}
      >
        <Icon name={microphoneOn ? "microphone" : "microphoneOff"} />
        {microphoneOn ? texts.labelMute : texts.labelUnmute}
      </button>
      <button
        type="button"
        class="button outline"
        aria-label={cameraOn ? texts.turnCameraOff : texts.turnCameraOn}
        onClick={() => void local.setCamera(!cameraOn)}
      >
        <Icon name={cameraOn ? "camera" : "cameraOff"} />
        {cameraOn ? texts.labelCameraOff : texts.labelCameraOn}
      </button>
      <button type="button" class="button outline" onClick={() => void session.leave()}>
        {texts.stopWaiting}
      </button>
    </div>
  );
}
