import type { Signal } from "@preact/signals";

import type { DeviceKind, SoundProcessing } from "../media/devices.ts";
import type { ScreenContent } from "../media/screen.ts";
import { isBoolean, isString, remembered } from "./preferences.ts";

const isScreenContent = (value: unknown): value is ScreenContent => value === "text" || value === "motion";

/** What the person has chosen for devices and what they send, kept between visits. */
export class MediaPreferences {
  /** The wanted devices' ids; "" for whichever the system chooses. */
  readonly wanted: Readonly<Record<DeviceKind, Signal<string>>> = {
    microphone: remembered("microphone", "", isString),
    speaker: remembered("speaker", "", isString),
    camera: remembered("camera", "", isString),
  };
  readonly echoCancellation = remembered("echo-cancellation", true, isBoolean);
  readonly noiseSuppression = remembered("noise-suppression", true, isBoolean);
  readonly autoGainControl = remembered("auto-gain-control", true, isBoolean);
  readonly holdSpaceToTalk = remembered("hold-space-to-talk", true, isBoolean);
  readonly blurBackground = remembered("blur-background", false, isBoolean);
  readonly screenContent: Signal<ScreenContent> = remembered<ScreenContent>("screen-content", "text", isScreenContent);

  get soundProcessing(): SoundProcessing {
    return {
      echoCancellation: this.echoCancellation.peek(),
      noiseSuppression: this.noiseSuppression.peek(),
      autoGainControl: this.autoGainControl.peek(),
    };
  }
}
