import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Icon } from "./icons.tsx";
import { Menu, type MenuItem } from "./menu.tsx";
import type { View } from "./view.ts";

/** What the control bar has no place for, in the order in which it is listed. */
function moreItems(session: Session, view: View): MenuItem[] {
  const items: MenuItem[] = [{ text: texts.shortcutsTitle, icon: "keyboard", press: () => view.show("shortcuts") }];
  if (session.isHost.value) {
    items.push({ text: texts.endMeeting, icon: "leave", destructive: true, press: () => view.show("endMeeting") });
  }
  return items;
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
