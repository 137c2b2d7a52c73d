import { effect } from "@preact/signals";
import { render } from "preact";

import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/page.css";
import "./styles/meeting.css";
import "./styles/topbar.css";
import "./styles/stage.css";
import "./styles/overlays.css";
import "./styles/doors.css";
import "./styles/people.css";
import "./styles/protection.css";
import "./styles/chat.css";
import "./styles/polls.css";
import "./styles/files.css";
import "./styles/reactions.css";
import "./styles/invite.css";
import "./styles/access.css";
import "./styles/settings.css";
import "./styles/network.css";
import { openVaultStore } from "./crypto/content/database.ts";
import { Vault } from "./crypto/content/vault.ts";
import { startCryptoWorker } from "./crypto/worker/start.ts";
import { exposeDiagnostics } from "./diagnostics.ts";
import { tellLanguage } from "./i18n/index.ts";
import { browserClock, openWebSocket } from "./media/surroundings.ts";
import type { Invitation } from "./protocol/connection.ts";
import { tokenFromFragment } from "./protocol/invite.ts";
import { privateFiles } from "./session/content/files/privatefiles.ts";
import { CAPABILITIES, Session } from "./session/session.ts";
import { sayKeptLeave } from "./session/unsaid.ts";
import { whenWoken } from "./session/wake.ts";
import { App } from "./ui/app.tsx";
import { CheckPage } from "./ui/check/page.tsx";
import { keepDisplay } from "./ui/display.ts";
import { FirstPage } from "./ui/firstpage.tsx";
import { readBuildHash } from "./ui/version.ts";
import { View } from "./ui/view.ts";

// Of meetings whose end this browser has not seen.
new Vault(openVaultStore(), navigator.locks).sweep(Date.now()).catch(() => undefined);
tellLanguage(document.documentElement);
keepDisplay(document.documentElement);
const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no element with the id app");

sayKeptLeave(openWebSocket, browserClock, CAPABILITIES);
const page = root;
const token = tokenFromFragment(location.hash);
if (location.pathname === "/check") {
  render(<CheckPage invitation={token === undefined ? undefined : { case: "inviteToken", value: token }} />, page);
} else if (token === undefined) {
  render(<FirstPage begin={(dialCode) => begin({ case: "dialCode", value: dialCode })} />, page);
} else {
  begin({ case: "inviteToken", value: token });
}

function begin(invitation: Invitation): void {
  const session = new Session(invitation, openWebSocket, browserClock, startCryptoWorker);
  exposeDiagnostics(session);
  render(<App session={session} view={new View()} />, page);
  session.start();

  const networkChanged = (): void => session.networkChanged();
  addEventListener("online", networkChanged);
  if ("connection" in navigator && navigator.connection instanceof EventTarget) {
    navigator.connection.addEventListener("change", networkChanged);
  }
  // Whoever updates the appliance restarts it.
  effect(() => void (session.online.value && readBuildHash().catch(() => undefined)));
  whenWoken(browserClock, Date.now, networkChanged);
  addEventListener("pagehide", () => session.leaveAtOnce());
  // A page that comes back from the browser's cache has left; it starts afresh.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  addEventListener("click", () => session.media.loudspeaker.resume());
}
// Another link pasted into the same tab changes only the fragment.
addEventListener("hashchange", () => location.reload());
void privateFiles.sweep();
readBuildHash().catch(() => undefined); // Without it the page works; it only can't show its version.
