import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { Session } from "../../session/session.ts";
import { Icon } from "../icons.tsx";
import { Menu, type MenuItem } from "../menu.tsx";
import { signOf, SIGNS } from "./signs.ts";

/** The signs to give. */
export function reactionItems(session: Session): MenuItem[] {
  return SIGNS.map(({ sign, emoji, text }) => ({
    text,
    emoji,
    press: () => void session.content.reactions.send(sign),
  }));
}

/** The control from which one gives a sign. */
export function ReactControl({ session }: { session: Session }): JSX.Element {
  return (
    <Menu name={texts.react} class="control" items={reactionItems(session)}>
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
