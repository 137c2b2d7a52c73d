import type { ComponentChildren, JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { LocalMedia } from "../session/local.ts";
import { DeviceHelp } from "./devicehelp.tsx";
import { Icon } from "./icons.tsx";
import { MicrophoneLevel } from "./level.tsx";
import { Picture } from "./picture.tsx";
import { BlurChoice } from "./settings/blurchoice.tsx";
import { DeviceSelect } from "./settings/deviceselect.tsx";

/** How one looks and sounds before one joins, and what stops it if anything does; below it, what belongs to it. */
export function Preview({ local, children }: { local: LocalMedia; children: ComponentChildren }): JSX.Element {
  const camera = local.camera.value;
  return (
    <section class="preview" aria-label={texts.preview}>
      <div class="preview-picture">
        {camera === undefined ? <p class="preview-off">{texts.cameraIsOff}</p> : <Picture track={camera} mirrored={local.cameraMirrored.value} />}
        <MicrophoneLevel local={local} />
        <PreviewButtons local={local} />
      </div>
      <DeviceHelp local={local} />
      {children}
    </section>
  );
}

/** With which devices, and what of the room is seen. */
export function PreviewDevices({ local }: { local: LocalMedia }): JSX.Element {
  return (
    <>
      <div class="preview-devices">
        <DeviceSelect local={local} kind="microphone" />
        <DeviceSelect local={local} kind="speaker" />
        <DeviceSelect local={local} kind="camera" />
      </div>
      <BlurChoice local={local} />
    </>
  );
}

function PreviewButtons({ local }: { local: LocalMedia }): JSX.Element {
  const microphoneOn = local.microphoneOn.value;
  const cameraOn = local.camera.value !== undefined;
  return (
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
        class={cameraOn ? "round" : "round off"}
        aria-label={cameraOn ? texts.turnCameraOff : texts.turnCameraOn}
        onClick={() => void local.setCamera(!cameraOn)}
      >
        <Icon name={cameraOn ? "camera" : "cameraOff"} size="l" />
      </button>
    </div>
  );
}
