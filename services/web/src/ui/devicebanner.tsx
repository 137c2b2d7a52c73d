import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { DeviceNotice, LocalMedia } from "../session/local.ts";
import { blurTroubleOf, obstaclesOf } from "./devicehelp.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { useTalkingWhileMuted } from "./talking.ts";
import type { View } from "./view.ts";

/** What the person's own devices have to say in a meeting: that they share, what stops a device, what has changed. */
export function DeviceBanner({ local, view }: { local: LocalMedia; view: View }): JSX.Element {
  return (
    <div role="status">
      {local.screen.value !== undefined && (
        <Line style="sharing" icon="screen" text={texts.youAreSharing}>
          <Action text={texts.labelStopSharing} press={() => void local.setScreen(false)} />
        </Line>
      )}
      <MostUrgent local={local} view={view} />
    </div>
  );
}

function MostUrgent({ local, view }: { local: LocalMedia; view: View }): JSX.Element | null {
  const dismissed = useSignal<string | undefined>(undefined);
  const talkingWhileMuted = useTalkingWhileMuted(local).value;
  const notice = local.notice.value;
  const blurTrouble = blurTroubleOf(local);
  const [obstacle] = obstaclesOf(local).filter(({ text }) => text !== dismissed.value);
  if (talkingWhileMuted) {
    return (
      <Line style="plain" icon="microphoneOff" text={texts.youAreMuted}>
        {local.preferences.holdSpaceToTalk.value && <span class="hint">{texts.youAreMutedHow}</span>}
      </Line>
    );
  }
  if (obstacle !== undefined) {
    return (
      <Line icon="warning" text={obstacle.text}>
        {obstacle.problem === "blocked" ? (
          <Action text={texts.howToAllow} press={() => view.show("settings")} />
        ) : (
          <Action text={texts.tryAgain} press={obstacle.retry} />
        )}
        <Dismiss
          press={() => {
            dismissed.value = obstacle.text;
          }}
        />
      </Line>
    );
  }
  if (blurTrouble !== undefined) {
    return (
      <Line icon="warning" text={blurTrouble}>
        <Dismiss
          press={() => {
            local.background.trouble.value = undefined;
          }}
        />
      </Line>
    );
  }
  if (local.cameraDevice.withheld.value) return <Line icon="warning" text={texts.cameraWithheld} />;
  if (local.microphone.withheld.value) return <Line icon="warning" text={texts.microphoneWithheld} />;
  if (notice === undefined) return null;
  return (
    <Line style="plain" icon={notice.device} text={textOf(notice)}>
      <Dismiss
        press={() => {
          local.notice.value = undefined;
        }}
      />
    </Line>
  );
}

function textOf(notice: DeviceNotice): string {
  switch (notice.device) {
    case "microphone":
      return texts.microphoneNow(notice.nowUsing);
    case "camera":
      return texts.cameraNow(notice.nowUsing);
    case "speaker":
      return texts.speakerNow;
  }
}

interface LineProps {
  readonly icon: IconName;
  readonly text: string;
  readonly style?: "plain" | "sharing";
  readonly children?: ComponentChildren;
}

function Line({ icon, text, style, children }: LineProps): JSX.Element {
  return (
    <div class={`banner ${style ?? ""}`}>
      <Icon name={icon} />
      <span>{text}</span>
      {children}
    </div>
  );
}

function Action({ text, press }: { text: string; press: () => void }): JSX.Element {
  return (
    <button type="button" class="banner-action" onClick={press}>
      {text}
    </button>
  );
}

function Dismiss({ press }: { press: () => void }): JSX.Element {
  return (
    <button type="button" class="icon-button banner-dismiss" aria-label={texts.dismiss} onClick={press}>
      <Icon name="close" size="s" />
    </button>
  );
}
