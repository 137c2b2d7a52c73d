import type { JSX } from "preact";

import type { Session } from "../session/session.ts";
import { Farewell } from "./farewell.tsx";
import { Meeting } from "./meeting.tsx";
import { Prejoin } from "./prejoin.tsx";

/** The page that belongs to where the person is. */
export function App({ session }: { session: Session }): JSX.Element {
  switch (session.phase.value) {
    case "arriving":
    case "joining":
      return <Prejoin session={session} />;
    case "meeting":
      return <Meeting session={session} />;
    default:
      return <Farewell session={session} />;
  }
}
