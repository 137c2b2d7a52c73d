import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { ScreenContent } from "../media/screen.ts";
import type { Session } from "../session/session.ts";
import { canBeFullScreen, isFullScreen, toggleFullScreen } from "./fullscreen.ts";
import { Icon } from "./icons.tsx";
import { Menu, type MenuItem } from "./menu.tsx";
import { reactionItems } from "./reactions/reactions.tsx";
import type { View } from "./view.ts";
import { isLow, isPhone } from "./width.ts";

/** What the control bar has no place for, in the order in which it is listed. */
function moreItems(session: Session, view: View): MenuItem[] {
  const items: MenuItem[] = [
    ...(isPhone.value ? phoneItems(session, view) : []),
    ...(isLow.value ? foldedItems(view) : []),
    ...shareItems(session),
    ...windowItems(view),
    { text: texts.settings, icon: "settings", press: () => view.show("settings") },
    { text: texts.shortcutsTitle, icon: "keyboard", press: () => view.show("shortcuts") },
  ];
  if (session.isHost.value) {
    items.push({ text: texts.endMeeting, icon: "leave", destructive: true, press: () => view.show("endMeeting") });
  }
  return items;
}

/** Where the meeting is shown, as far as the browser lets a page choose. */
function windowItems({ smallWindow }: View): MenuItem[] {
  const items: MenuItem[] = [];
  if (canBeFullScreen()) {
    items.push({
      text: texts.fullScreen,
      icon: "enlarge",
      checked: isFullScreen.value,
      press: () => void toggleFullScreen(),
    });
  }
  if (smallWindow.isPossible) {
    items.push({
      text: texts.smallWindow,
      icon: "smallWindow",
      checked: smallWindow.isOpen.value,
      press: () => void smallWindow.toggle(),
    });
  }
  return items;
}

/** What a shared screen is treated as, while one is shared. */
function shareItems(session: Session): MenuItem[] {
  const { screen, preferences } = session.local;
  if (screen.value === undefined) return [];
  const item = (content: ScreenContent, text: string): MenuItem => ({
    text,
    icon: "screen",
    checked: preferences.screenContent.value === content,
    press: () => {
      preferences.screenContent.value = content;
    },
  });
  return [item("text", texts.shareSharpText), item("motion", texts.shareSmoothMotion)];
}

/** What a wider control bar holds itself. */
function phoneItems(session: Session, view: View): MenuItem[] {
  const { local } = session;
  const sharing = local.screen.value !== undefined;
  const raised = session.self.value?.handRaiseTime !== undefined;
  return [
    {
      text: sharing ? texts.stopSharing : texts.shareScreen,
      icon: "screen",
      press: () => void local.setScreen(!sharing),
    },
    { text: raised ? texts.lowerHand : texts.raiseHand, icon: "hand", press: () => void session.setHand(!raised) },
    ...reactionItems(session),
    { text: texts.labelSecurity, icon: "shield", press: () => view.togglePanel("security") },
  ];
}

/** What a higher window has in its top bar. */
function foldedItems(view: View): MenuItem[] {
  const isGrid = view.layoutNow.value === "grid";
  return [
    {
      text: isGrid ? texts.showSpeaker : texts.showGrid,
      icon: isGrid ? "speakerView" : "grid",
      press: () => view.toggleLayout(),
    },
    { text: texts.connectionTitle, icon: "connection", press: () => view.show("connection") },
  ];
}

/** The control that opens all this. */
export function More({ session, view }: { session: Session; view: View }): JSX.Element {
  return (
    <Menu name={texts.moreActions} class="control" items={moreItems(session, view)}>
      <Icon name="more" />
      <span>{texts.labelMore}</span>
    </Menu>
  );
}
