import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Announcements } from "./announcements.tsx";
import { ChatPanel } from "./chat/panel.tsx";
import { commandsOf, listenForCommands } from "./commands.ts";
import { ConnectionBanner } from "./connectionbanner.tsx";
import { Controls } from "./controls.tsx";
import { DeviceBanner } from "./devicebanner.tsx";
import { OpenDialog } from "./dialogs.tsx";
import { DropGround } from "./files/drop.tsx";
import { LobbyBanner } from "./lobby.tsx";
import { MutedBanner } from "./mutedbanner.tsx";
import { PeoplePanel } from "./people.tsx";
import { ProtectionBanner } from "./protectionbanner.tsx";
import { listenForPushToTalk } from "./pushtotalk.ts";
import { ShownReactions } from "./reactions/reactions.tsx";
import { SecurityPanel } from "./security.tsx";
import { SkipLinks } from "./skip.tsx";
import { Stage } from "./stage.tsx";
import { TopBar } from "./topbar.tsx";
import { UpdateBanner } from "./update.tsx";
import type { View } from "./view.ts";

/** The meeting: top bar, what is wrong if anything, the stage with its tiles, a panel, the control bar. */
export function Meeting({ session, view }: { session: Session; view: View }): JSX.Element {
  useEffect(() => listenForCommands(commandsOf(session, view)), [session, view]);
  useEffect(() => listenForPushToTalk(session.local), [session]);
  return (
    <div class="meeting" data-online={session.online.value} data-media={session.media.state.value}>
      <SkipLinks />
      <TopBar session={session} view={view} />
      <div class="middle">
        <main id="stage" class="stage-side">
          <ConnectionBanner session={session} />
          <ProtectionBanner session={session} view={view} />
          <UpdateBanner />
          <DeviceBanner local={session.local} view={view} />
          <MutedBanner session={session} />
          <LobbyBanner session={session} view={view} />
          <Stage session={session} view={view} />
          {/* Where captions stand once somebody writes them. Empty, it takes no room. */}
          <div class="captions" role="log" aria-label={texts.captions} />
          <ShownReactions session={session} />
        </main>
        <OpenPanel session={session} view={view} />
      </div>
      <Controls session={session} view={view} />
      <OpenDialog session={session} view={view} />
      <DropGround session={session} view={view} />
      <Announcements session={session} view={view} />
    </div>
  );
}

function OpenPanel({ session, view }: { session: Session; view: View }): JSX.Element | null {
  const close = (): void => {
    view.panel.value = undefined;
  };
  switch (view.panel.value) {
    case "people":
      return <PeoplePanel session={session} view={view} close={close} />;
    case "chat":
      return <ChatPanel session={session} close={close} />;
    case "security":
      return <SecurityPanel session={session} close={close} />;
    case undefined:
      return null;
  }
}
