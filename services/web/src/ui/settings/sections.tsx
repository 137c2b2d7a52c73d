import type { Signal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { ScreenContent } from "../../media/screen.ts";
import type { Session } from "../../session/session.ts";
import { MicrophoneLevel } from "../level.tsx";
import { AccessSettings } from "./access.tsx";
import { BlurChoice } from "./blurchoice.tsx";
import { Choice } from "./choice.tsx";
import { DeviceSelect } from "./deviceselect.tsx";
import { DisplaySettings } from "./display.tsx";
import { TestTone } from "./testtone.tsx";

/** A part of the settings: a heading and what is set under it. */
export interface Section {
  readonly title: string;
  readonly Content: (props: { session: Session }) => JSX.Element;
}

function Microphone({ session }: { session: Session }): JSX.Element {
  const { local } = session;
  const { preferences } = local;
  return (
    <>
      <DeviceSelect local={local} kind="microphone" />
      <MicrophoneLevel local={local} />
      <Choice value={preferences.noiseSuppression}>{texts.noiseSuppression}</Choice>
      <Choice value={preferences.echoCancellation}>{texts.echoCancellation}</Choice>
      <Choice value={preferences.autoGainControl}>{texts.autoGainControl}</Choice>
      <Choice value={preferences.holdSpaceToTalk}>{texts.holdSpaceToTalk}</Choice>
    </>
  );
}

function Speaker({ session }: { session: Session }): JSX.Element {
  return (
    <>
      <DeviceSelect local={session.local} kind="speaker" />
      <TestTone loudspeaker={session.media.loudspeaker} />
    </>
  );
}

function Camera({ session }: { session: Session }): JSX.Element {
  return (
    <>
      <DeviceSelect local={session.local} kind="camera" />
      <BlurChoice local={session.local} />
    </>
  );
}

function Sharing({ session }: { session: Session }): JSX.Element {
  const { screenContent } = session.local.preferences;
  return (
    <fieldset class="options">
      <legend>{texts.screenContent}</legend>
      <ContentOption value="text" chosen={screenContent} name={texts.sharpText} hint={texts.sharpTextHint} />
      <ContentOption value="motion" chosen={screenContent} name={texts.smoothMotion} hint={texts.smoothMotionHint} />
    </fieldset>
  );
}

interface ContentOptionProps {
  readonly value: ScreenContent;
  readonly chosen: Signal<ScreenContent>;
  readonly name: string;
  readonly hint: string;
}

function ContentOption({ value, chosen, name, hint }: ContentOptionProps): JSX.Element {
  return (
    <label class="choice">
      <input
        type="radio"
        name="screen-content"
        checked={chosen.value === value}
        onChange={() => {
          chosen.value = value;
        }}
      />
      <span>
        {name}
        <span class="hint">{hint}</span>
      </span>
    </label>
  );
}

export const SECTIONS: readonly Section[] = [
  { title: texts.microphone, Content: Microphone },
  { title: texts.speaker, Content: Speaker },
  { title: texts.camera, Content: Camera },
  { title: texts.sharing, Content: Sharing },
  { title: texts.displayTitle, Content: DisplaySettings },
  { title: texts.accessTitle, Content: AccessSettings },
];
