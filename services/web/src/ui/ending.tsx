import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Confirm } from "./confirm.tsx";

/** Asks a host whether the meeting shall end for everybody. */
export function EndMeetingDialog({ session, close }: { session: Session; close: () => void }): JSX.Element {
  return (
    <Confirm
      title={texts.endMeetingTitle(session.room.value?.displayName ?? "")}
      text={texts.endMeetingText}
      action={texts.endMeeting}
      confirm={() => void session.hosting.endMeeting()}
      close={close}
    />
  );
}
