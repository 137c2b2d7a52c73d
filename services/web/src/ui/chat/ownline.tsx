import type { ComponentChildren, JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { Addressee } from "../../session/content/chat.ts";
import type { Session } from "../../session/session.ts";
import { Avatar } from "../avatar.tsx";
import { PrivateMark } from "./words.tsx";

interface OwnLineProps {
  readonly session: Session;
  /** The one person it is for; undefined for everybody. */
  readonly addressee?: Addressee | undefined;
  readonly children: ComponentChildren;
}

/** Something of one's own that is not among the lines yet. */
export function OwnLine({ session, addressee, children }: OwnLineProps): JSX.Element {
  const self = session.self.value;
  return (
    <li class="chat-line">
      {self !== undefined && <Avatar participant={self} />}
      <div class="chat-text">
        <p class="chat-head">
          <span class="chat-name">{texts.youName}</span>
        </p>
        {addressee !== undefined && <PrivateMark name={addressee.name} />}
        {children}
      </div>
    </li>
  );
}
