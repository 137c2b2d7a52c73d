import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { ProtectionMode, type Room } from "../../gen/conclave/v1/rooms_pb.js";
import { texts } from "../../i18n/index.ts";
import type { ChatEntry } from "../../session/content/chatlog.ts";
import type { Session } from "../../session/session.ts";
import { Confirm } from "../confirm.tsx";
import { Icon } from "../icons.tsx";
import { Panel } from "../panel.tsx";
import { Composer } from "./composer.tsx";
import { Line } from "./line.tsx";
import { OutgoingLine } from "./outgoing.tsx";

/** How near the end counts as being there, in pixels. */
const NEAR_END = 48;

/** What is said in writing. */
export function ChatPanel({ session, close }: { session: Session; close: () => void }): JSX.Element {
  const room = session.room.value;
  if (room === undefined || room.protectionMode !== ProtectionMode.MANAGED) {
    return (
      <Panel title={texts.chatTitle} close={close}>
        <p class="chat-note">{texts.chatUnavailable}</p>
      </Panel>
    );
  }
  return (
    <Panel title={texts.chatTitle} close={close} foot={<ChatFoot session={session} room={room} />}>
      <Lines session={session} />
    </Panel>
  );
}

function ChatFoot({ session, room }: { session: Session; room: Room }): JSX.Element {
  return (
    <div class="chat-foot">
      <Composer session={session} key={room.name} />
      <p class="chat-kept">
        <Icon name="managed" size="s" />
        <span>{texts.chatKept}</span>
      </p>
    </div>
  );
}

function Lines({ session }: { session: Session }): JSX.Element {
  const { chat } = session.content;
  const deleting = useSignal<ChatEntry | undefined>(undefined);
  const log = chat.log.value;
  const outgoing = chat.outgoing.value;
  const known = new Set(log.map((each) => each.id));
  const end = useRef<HTMLDivElement>(null);
  const atEnd = useSignal(true);
  const toEnd = (): void => end.current?.scrollIntoView({ block: "end" });

  useEffect(() => {
    const scroller = end.current?.closest<HTMLElement>(".panel-body");
    if (scroller === undefined || scroller === null) return;
    const scrolled = (): void => {
      atEnd.value = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
      if (atEnd.value) chat.seen();
    };
    scroller.addEventListener("scroll", scrolled, { passive: true });
    return () => scroller.removeEventListener("scroll", scrolled);
  }, []);
  // Whoever reads further up is not moved away from there.
  useLayoutEffect(() => {
    if (!atEnd.peek()) return;
    toEnd();
    chat.seen();
  }, [log, outgoing.length]);

  return (
    <>
      {log.length + outgoing.length === 0 ? (
        <p class="chat-note">{texts.noMessages}</p>
      ) : (
        <p class="chat-note">{texts.earlierNotShown}</p>
      )}
      <ol class="chat-lines" aria-label={texts.messages}>
        {log.map((entry) => (
          <Line
            key={entry.id}
            session={session}
            entry={entry}
            outgoing={outgoing.find((each) => each.id === entry.id)}
            askToDelete={() => {
              deleting.value = entry;
            }}
          />
        ))}
        {outgoing
          .filter((each) => !known.has(each.id))
          .map((each) => (
            <OutgoingLine key={each.id} session={session} line={each} />
          ))}
      </ol>
      {chat.problem.value !== undefined && (
        <p class="chat-problem" role="status">
          {texts.notDeleted}
        </p>
      )}
      {!atEnd.value && chat.unread.value > 0 && (
        <button type="button" class="button small outline chat-newer" onClick={toEnd}>
          {texts.newMessages}
        </button>
      )}
      <div ref={end} />
      {deleting.value !== undefined && (
        <DeleteQuestion session={session} entry={deleting.value} close={() => (deleting.value = undefined)} />
      )}
    </>
  );
}

interface DeleteQuestionProps {
  readonly session: Session;
  readonly entry: ChatEntry;
  readonly close: () => void;
}

function DeleteQuestion({ session, entry, close }: DeleteQuestionProps): JSX.Element {
  return (
    <Confirm
      title={texts.deleteTitle}
      text={texts.deleteText}
      action={entry.own ? texts.deleteMessage : texts.removeMessage}
      confirm={() => void session.content.chat.delete(entry.id)}
      close={close}
    />
  );
}
