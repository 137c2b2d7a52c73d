import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import { browserKind, type BrowserKind } from "../media/browserkind.ts";
import type { BlurTrouble } from "../media/blur/watch.ts";
import type { CaptureKind, DeviceProblem } from "../media/devices.ts";
import type { LocalMedia } from "../session/local.ts";
import { Icon } from "./icons.tsx";

const LINES: Record<CaptureKind, Record<DeviceProblem, string>> = {
  microphone: {
    blocked: texts.microphoneBlocked,
    missing: texts.microphoneMissing,
    busy: texts.microphoneBusy,
    stopped: texts.microphoneStopped,
  },
  camera: {
    blocked: texts.cameraBlocked,
    missing: texts.cameraMissing,
    busy: texts.cameraBusy,
    stopped: texts.cameraStopped,
  },
};
const STEPS: Record<BrowserKind, string> = {
  chromium: texts.allowInChromium,
  firefox: texts.allowInFirefox,
  safari: texts.allowInSafari,
  android: texts.allowOnAndroid,
  iphone: texts.allowOnIphone,
};
const BOTH: Partial<Record<DeviceProblem, string>> = { blocked: texts.bothBlocked, missing: texts.bothMissing };

/** Something that stops one device, or both alike. */
export interface Obstacle {
  readonly text: string;
  readonly problem: DeviceProblem;
  readonly retry: () => void;
}

/** What stops the devices, if anything does. */
export function obstaclesOf(local: LocalMedia): Obstacle[] {
  const microphone = local.microphoneProblem.value;
  const camera = local.cameraProblem.value;
  const retryMicrophone = (): void => void local.setMicrophone(true);
  const retryCamera = (): void => void local.setCamera(true);
  const both = microphone === undefined || microphone !== camera ? undefined : BOTH[microphone];
  if (both !== undefined && microphone !== undefined) {
    const retry = (): void => {
      retryMicrophone();
      retryCamera();
    };
    return [{ text: both, problem: microphone, retry }];
  }
  const found: Obstacle[] = [];
  if (microphone !== undefined) {
    found.push({ text: LINES.microphone[microphone], problem: microphone, retry: retryMicrophone });
  }
  if (camera !== undefined) found.push({ text: LINES.camera[camera], problem: camera, retry: retryCamera });
  return found;
}

const BLUR_TROUBLES: Record<BlurTrouble, string> = { slow: texts.blurTooSlow, failed: texts.blurFailed };

/** That the background is no longer blurred, without the person's doing; undefined while there is nothing to say. */
export function blurTroubleOf(local: LocalMedia): string | undefined {
  const trouble = local.background.trouble.value;
  return trouble === undefined ? undefined : BLUR_TROUBLES[trouble];
}

/** What stops the devices, what helps in this browser, and another try. */
export function DeviceHelp({ local }: { local: LocalMedia }): JSX.Element {
  const blurTrouble = blurTroubleOf(local);
  return (
    <div class="device-helps" role="status">
      {blurTrouble !== undefined && (
        <div class="note device-help">
          <Icon name="warning" />
          <p class="device-help-title">{blurTrouble}</p>
        </div>
      )}
      {obstaclesOf(local).map(({ text, problem, retry }) => (
        <div key={text} class="note device-help">
          <Icon name="warning" />
          <div>
            <p class="device-help-title">{text}</p>
            {problem === "blocked" && <Steps />}
            <button type="button" class="button outline" onClick={retry}>
              {texts.tryAgain}
            </button>
          </div>
        </div>
      ))}
    </div>
  );
}

/** How to allow what is blocked, in this browser. */
export function Steps(): JSX.Element {
  return (
    <>
      <p>{STEPS[browserKind(navigator.userAgent, navigator.maxTouchPoints)]}</p>
      <p>{texts.allowInSystem}</p>
      <p>{texts.joinWithout}</p>
    </>
  );
}
