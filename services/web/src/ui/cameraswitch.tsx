import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { LocalMedia } from "../session/local.ts";
import { Icon } from "./icons.tsx";

/** On a telephone with several cameras, while one is on: goes on with another. */
export function CameraSwitch({ local }: { local: LocalMedia }): JSX.Element | null {
  const inUse = local.cameraDevice.track.value;
  if (inUse === undefined || local.devices.all.value.camera.length < 2) return null;
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={texts.switchCamera}
      title={inUse.label}
      onClick={() => local.switchCamera()}
    >
      <Icon name="turnAround" />
    </button>
  );
}
