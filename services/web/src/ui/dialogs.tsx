import type { JSX } from "preact";

import type { Session } from "../session/session.ts";
import { ConnectionDialog } from "./connection.tsx";
import { EndMeetingDialog } from "./ending.tsx";
import { HandOverDialog } from "./handover.tsx";
import { InviteDialog } from "./invite.tsx";
import { ShortcutsDialog } from "./shortcuts.tsx";
import { SettingsDialog } from "./settings/settings.tsx";
import type { View } from "./view.ts";

/** The dialog that is open over the meeting. */
export function OpenDialog({ session, view }: { session: Session; view: View }): JSX.Element | null {
  const close = (): void => view.show(undefined);
  switch (view.dialog.value) {
    case "handOver":
      return <HandOverDialog session={session} close={close} />;
    case "invite":
      return <InviteDialog session={session} close={close} />;
    case "connection":
      return <ConnectionDialog session={session} close={close} />;
    case "endMeeting":
      return <EndMeetingDialog session={session} close={close} />;
    case "shortcuts":
      return <ShortcutsDialog session={session} view={view} />;
    case "settings":
      return <SettingsDialog session={session} close={close} />;
    default:
      return null;
  }
}
