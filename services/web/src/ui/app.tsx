import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Farewell } from "./farewell.tsx";
import { useHeading } from "./heading.ts";
import { Meeting } from "./meeting.tsx";
import { Prejoin } from "./prejoin.tsx";
import type { View } from "./view.ts";
import { WaitingPage } from "./waiting.tsx";

/** The page that belongs to where the person is. */
export function App({ session, view }: { session: Session; view: View }): JSX.Element {
  const phase = session.phase.value;
  useHeading(phase === "joining" ? "arriving" : phase, titleIn(session));
  switch (phase) {
    case "arriving":
    case "joining":
      return <Prejoin session={session} />;
    case "waiting":
      return <WaitingPage session={session} />;
    case "meeting":
      return <Meeting session={session} view={view} />;
    default:
      return <Farewell session={session} />;
  }
}

function titleIn(session: Session): string | undefined {
  const room = session.room.value?.displayName ?? "";
  switch (session.phase.value) {
    case "arriving":
    case "joining":
      return room === "" ? "" : texts.titleBefore(room);
    case "meeting":
      return room;
    default:
      return undefined;
  }
}
