import type { JSX } from "preact";

import { ProtectionMode } from "../../gen/conclave/v1/rooms_pb.js";
import { texts } from "../../i18n/index.ts";
import type { Session } from "../../session/session.ts";
import { Icon } from "../icons.tsx";
import { Menu, type MenuItem } from "../menu.tsx";
import { signOf, SIGNS } from "./signs.ts";

/** The signs to give; none where they could not be protected as the meeting promises. */
export function reactionItems(session: Session): MenuItem[] {
  if (session.room.value?.protectionMode !== ProtectionMode.MANAGED) return [];
  return SIGNS.map(({ sign, emoji, text }) => ({
    text,
    emoji,
    press: () => void session.content.reactions.send(sign),
  }));
}

/** The control from which one gives a sign. */
export function ReactControl({ session }: { session: Session }): JSX.Element | null {
  const items = reactionItems(session);
  if (items.length === 0) return null;
  return (
    <Menu name={texts.react} class="control" items={items}>
      <Icon name="smile" />
      <span>{texts.react}</span>
    </Menu>
  );
}

/** The signs of the last moments over the stage; screen readers hear of them as of other news. */
export function ShownReactions({ session }: { session: Session }): JSX.Element {
  return (
    <ul class="reactions" aria-hidden="true">
      {session.content.reactions.shown.value.map(({ id, sign, name, own }) => (
        <li key={id} class="reaction">
          <span class="emoji">{signOf(sign)?.emoji}</span>
          <bdi>{own ? texts.youName : name}</bdi>
        </li>
      ))}
    </ul>
  );
}
