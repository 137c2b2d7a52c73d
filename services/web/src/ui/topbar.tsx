import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { LayoutButton } from "./around.tsx";
import { CameraSwitch } from "./cameraswitch.tsx";
import { ConnectionMark } from "./connection.tsx";
import { Brand } from "./icons.tsx";
import { SecurityChip } from "./security.tsx";
import { runningTime } from "./time.ts";
import type { View } from "./view.ts";
import { isLow, isPhone } from "./width.ts";

/** What meeting this is and how well it goes. In a low window only its security stays, over the stage. */
export function TopBar({ session, view }: { session: Session; view: View }): JSX.Element {
  const room = session.room.value;
  const startTimeMs = session.roster.value?.startTimeMs;
  return (
    <header class={isLow.value ? "top folded" : "top"}>
      {!isLow.value && <Brand />}
      <h1 class={isLow.value ? "hidden-text" : "top-room"}>{room?.displayName}</h1>
      <SecurityChip session={session} open={() => view.togglePanel("security")} />
      {!isLow.value && (
        <>
          <ConnectionMark session={session} open={() => view.show("connection")} />
          {startTimeMs !== undefined && <MeetingClock startTimeMs={startTimeMs} />}
          <span class="top-views">
            {isPhone.value && <CameraSwitch local={session.local} />}
            <LayoutButton view={view} />
          </span>
        </>
      )}
    </header>
  );
}

/** How long the meeting has been going on. */
function MeetingClock({ startTimeMs }: { startTimeMs: number }): JSX.Element {
  const elapsedMs = useSignal(Date.now() - startTimeMs);
  useEffect(() => {
    let timer: number;
    const tick = (): void => {
      elapsedMs.value = Date.now() - startTimeMs;
      timer = window.setTimeout(tick, 1000 - (elapsedMs.value % 1000));
    };
    tick();
    return () => clearTimeout(timer);
  }, [startTimeMs]);
  return (
    <span class="top-time" role="timer" aria-label={texts.runningTime} title={texts.runningTime}>
      {runningTime(elapsedMs.value)}
    </span>
  );
}
