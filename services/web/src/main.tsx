import { render } from "preact";

import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/page.css";
import "./styles/meeting.css";
import "./styles/stage.css";
import "./styles/overlays.css";
import "./styles/doors.css";
import "./styles/people.css";
import "./styles/invite.css";
import "./styles/access.css";
import "./styles/settings.css";
import { exposeDiagnostics } from "./diagnostics.ts";
import { tellLanguage } from "./i18n/index.ts";
import { browserClock, openWebSocket } from "./media/surroundings.ts";
import type { Invitation } from "./protocol/connection.ts";
import { tokenFromFragment } from "./protocol/invite.ts";
import { Session } from "./session/session.ts";
import { App } from "./ui/app.tsx";
import { keepDisplay } from "./ui/display.ts";
import { FirstPage } from "./ui/firstpage.tsx";
import { readBuildHash } from "./ui/version.ts";
import { View } from "./ui/view.ts";

tellLanguage(document.documentElement);
keepDisplay(document.documentElement);
const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no element with the id app");

const page = root;
const token = tokenFromFragment(location.hash);
if (token === undefined) {
  render(<FirstPage begin={(dialCode) => begin({ case: "dialCode", value: dialCode })} />, page);
} else {
  begin({ case: "inviteToken", value: token });
}

function begin(invitation: Invitation): void {
  const session = new Session(invitation, openWebSocket, browserClock);
  exposeDiagnostics(session);
  render(<App session={session} view={new View()} />, page);
  session.start();

  addEventListener("online", () => session.networkReturned());
  addEventListener("pagehide", () => session.leaveAtOnce());
  // A page that comes back from the browser's cache has left; it starts afresh.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  addEventListener("click", () => session.media.loudspeaker.resume());
}
// Another link pasted into the same tab changes only the fragment.
addEventListener("hashchange", () => location.reload());
readBuildHash().catch(() => undefined); // Without it the page works; it only can't show its version.
