import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { DeviceKind } from "../../media/devices.ts";
import { canChooseSpeaker } from "../../media/loudspeaker.ts";
import type { LocalMedia } from "../../session/local.ts";
import { Icon } from "../icons.tsx";

const NAMES: Record<DeviceKind, string> = {
  microphone: texts.microphone,
  speaker: texts.speaker,
  camera: texts.camera,
};
const NONE: Record<DeviceKind, string> = {
  microphone: texts.noMicrophone,
  speaker: texts.systemOutput,
  camera: texts.noCamera,
};

/** Chooses a device, and shows which one is in use. */
export function DeviceSelect({ local, kind }: { local: LocalMedia; kind: DeviceKind }): JSX.Element {
  // Before permission the browser tells devices without ids, which can't be chosen.
  const devices = local.devices.all.value[kind].filter(({ id }) => id !== "");
  const inUse = inUseId(local, kind);
  const wanted = local.preferences.wanted[kind];
  const fixed = devices.length === 0 || (kind === "speaker" && !canChooseSpeaker());
  return (
    <label class="field">
      {NAMES[kind]}
      <span class="select">
        <Icon name={kind} size="s" />
        <select
          disabled={fixed}
          value={inUse}
          onChange={(event) => {
            wanted.value = event.currentTarget.value;
          }}
        >
          {!devices.some(({ id }) => id === inUse) && <option value={inUse}>{isHidden(local, kind) ? texts.hiddenDevices : NONE[kind]}</option>}
          {devices.map(({ id, label }, index) => (
            <option key={id} value={id}>
              {label === "" ? texts.unnamedDevice(index + 1) : label}
            </option>
          ))}
        </select>
        <Icon name="chevron" size="s" />
      </span>
    </label>
  );
}

function inUseId(local: LocalMedia, kind: DeviceKind): string {
  const open = kind === "speaker" ? local.devices.speakerId.value : idOf(local, kind);
  if (open !== "") return open;
  // Nothing is open: the one that would be.
  const wanted = local.preferences.wanted[kind].value;
  const listed = local.devices.all.value[kind];
  return listed.some(({ id }) => id === wanted) ? wanted : (listed[0]?.id ?? "");
}

/** Without permission the browser does not tell which devices there are. */
function isHidden(local: LocalMedia, kind: DeviceKind): boolean {
  if (kind === "speaker") return false;
  return (kind === "microphone" ? local.microphoneProblem : local.cameraProblem).value === "blocked";
}

function idOf(local: LocalMedia, kind: "microphone" | "camera"): string {
  return kind === "microphone" ? local.microphone.id : local.cameraDevice.id;
}
