import type { JSX } from "preact";

import type { Session } from "../session/session.ts";
import { Farewell } from "./farewell.tsx";
import { Meeting } from "./meeting.tsx";
import { Prejoin } from "./prejoin.tsx";
import type { View } from "./view.ts";

/** The page that belongs to where the person is. */
export function App({ session, view }: { session: Session; view: View }): JSX.Element {
  switch (session.phase.value) {
    case "arriving":
    case "joining":
      return <Prejoin session={session} />;
    case "meeting":
      return <Meeting session={session} view={view} />;
    default:
      return <Farewell session={session} />;
  }
}
