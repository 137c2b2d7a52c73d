import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Dialog } from "./dialog.tsx";

/** Asks a host whether the meeting shall end for everybody. */
export function EndMeetingDialog({ session, close }: { session: Session; close: () => void }): JSX.Element {
  const end = (): void => {
    close();
    void session.hosting.endMeeting();
  };
  return (
    <Dialog
      title={texts.endMeetingTitle(session.room.value?.displayName ?? "")}
      close={close}
      actions={
        <>
          <button type="button" class="button outline" onClick={close}>
            {texts.cancel}
          </button>
          <button type="button" class="button danger" onClick={end}>
            {texts.endMeeting}
          </button>
        </>
      }
    >
      <p>{texts.endMeetingText}</p>
    </Dialog>
  );
}
