import type { JSX } from "preact";

import { ContentDeletion } from "../../gen/conclave/v1/content_pb.js";
import { texts } from "../../i18n/index.ts";
import type { ChatEntry } from "../../session/content/chatlog.ts";
import type { Outgoing } from "../../session/content/chat.ts";
import type { Session } from "../../session/session.ts";
import { SharedFileCard } from "../files/shared.tsx";
import { Avatar } from "../avatar.tsx";
import { Icon } from "../icons.tsx";
import { Menu, type MenuItem } from "../menu.tsx";
import { clockTime } from "../time.ts";
import { OutgoingState } from "./outgoing.tsx";
import { unreadableText } from "./unreadable.ts";
import { PrivateMark, Words } from "./words.tsx";

interface LineProps {
  readonly session: Session;
  readonly entry: ChatEntry;
  /** A change of it that is on its way. */
  readonly outgoing: Outgoing | undefined;
  readonly askToDelete: () => void;
}

/** One line: who said it, when, to whom, and what one may do about it. */
export function Line({ session, entry, outgoing, askToDelete }: LineProps): JSX.Element {
  const time = clockTime(entry.timeMs);
  const name = entry.own ? texts.youName : entry.senderName;
  const items = actionsFor(session, entry, askToDelete);
  const isDeleted = entry.deletion !== ContentDeletion.UNSPECIFIED;
  return (
    <li class="chat-line">
      <Avatar participant={{ id: entry.senderId, displayName: entry.senderName }} />
      <div class="chat-text">
        <p class="chat-head">
          <bdi class="chat-name">{name}</bdi> <time>{time}</time>
          {!isDeleted && entry.refusal === undefined && entry.revision > 1 && <span>{texts.edited}</span>}
          {entry.own && entry.delivered && !isDeleted && <Delivered entry={entry} />}
        </p>
        {entry.recipientId !== "" && <PrivateMark name={entry.own ? entry.recipientName : entry.senderName} />}
        {isDeleted ? (
          <p class="chat-deleted">
            {entry.deletion === ContentDeletion.BY_HOST ? texts.deletedByHost : texts.deletedByAuthor}
          </p>
        ) : entry.refusal !== undefined ? (
          <p class="chat-deleted">{unreadableText(entry.refusal)}</p>
        ) : (
          <Said session={session} entry={entry} text={outgoing?.text ?? entry.text} />
        )}
        {outgoing !== undefined && <OutgoingState session={session} line={outgoing} />}
      </div>
      {items.length > 0 && (
        <Menu name={texts.actionsForMessage(name, time)} class="icon-button" items={items}>
          <Icon name="more" size="s" />
        </Menu>
      )}
    </li>
  );
}

function Said({ session, entry, text }: { session: Session; entry: ChatEntry; text: string }): JSX.Element {
  if (entry.file === undefined) return <Words text={text} />;
  if (entry.file === "unreadable") return <p class="chat-deleted">{texts.unreadableFile}</p>;
  return <SharedFileCard session={session} entry={entry} file={entry.file} />;
}

function Delivered({ entry }: { entry: ChatEntry }): JSX.Element {
  const text = entry.recipientId === "" ? texts.deliveredMark : texts.deliveredToOne;
  return (
    <span class="chat-delivered" title={text}>
      <Icon name="check" size="s" />
      <span class="hidden-text">{text}</span>
    </span>
  );
}

function actionsFor(session: Session, entry: ChatEntry, askToDelete: () => void): MenuItem[] {
  if (entry.deletion !== ContentDeletion.UNSPECIFIED) return [];
  const { chat } = session.content;
  const remove = { text: texts.deleteMessage, destructive: true, press: askToDelete };
  // What cannot be opened cannot be changed.
  if (entry.own && entry.refusal !== undefined) return [remove];
  if (entry.own) {
    const edit = (): void => {
      chat.editing.value = { entry, text: entry.text };
    };
    return entry.file === undefined ? [{ text: texts.editMessage, press: edit }, remove] : [remove];
  }
  // What two people said to each other is theirs alone.
  if (!session.isHost.value || entry.recipientId !== "") return [];
  return [{ text: texts.removeMessage, destructive: true, press: askToDelete }];
}
