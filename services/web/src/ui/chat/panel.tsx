import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { texts } from "../../i18n/index.ts";
import type { ChatEntry } from "../../session/content/chatlog.ts";
import type { Poll, Unreadable } from "../../session/content/pollbook.ts";
import type { Session } from "../../session/session.ts";
import { OutgoingFile, UnsentFile } from "../files/outgoing.tsx";
import { Confirm } from "../confirm.tsx";
import { useFocusHeir } from "../focus.ts";
import { Icon } from "../icons.tsx";
import { Panel } from "../panel.tsx";
import { Composer } from "./composer.tsx";
import { Line } from "./line.tsx";
import { PollCard, UnreadablePoll } from "../polls/pollcard.tsx";
import { PollForm } from "../polls/pollform.tsx";
import { OutgoingLine } from "./outgoing.tsx";

/** How near the end counts as being there, in pixels. */
const NEAR_END = 48;

/** What is said in writing. */
export function ChatPanel({ session, close }: { session: Session; close: () => void }): JSX.Element {
  return (
    <Panel title={texts.chatTitle} close={close} foot={<ChatFoot session={session} />}>
      <Lines session={session} />
    </Panel>
  );
}

function ChatFoot({ session }: { session: Session }): JSX.Element {
  const poll = session.content.polls.draft.value;
  const isSealed = session.protection.isOn.value;
  return (
    <div class="chat-foot">
      <Composer session={session} key={session.room.value?.name} />
      {poll !== undefined && <PollForm session={session} draft={poll} />}
      <p class="chat-kept">
        <Icon name={isSealed ? "shieldKeyhole" : "managed"} size="s" />
        <span>{isSealed ? texts.chatSealed : texts.chatKept}</span>
      </p>
    </div>
  );
}

function Lines({ session }: { session: Session }): JSX.Element {
  const { chat, files, polls } = session.content;
  const deleting = useSignal<ChatEntry | undefined>(undefined);
  const log = chat.log.value;
  const shown = log.filter((each) => !each.isEarlier);
  const asked = polls.all.value;
  const refused = polls.unreadable.value.filter((each) => each.pollId === "" && !each.isEarlier);
  const outgoing = chat.outgoing.value;
  const uploads = files.uploads.list.value;
  const unsent = files.uploads.unsent.value;
  const known = new Set(log.map((each) => each.id));
  const list = useRef<HTMLOListElement>(null);
  // What had the focus may go with its line: a file that is sent or given up, a poll that is deleted.
  useFocusHeir(list, (lines) => lines.closest(".panel")?.querySelector<HTMLElement>("[data-first-focus]"));
  const end = useRef<HTMLDivElement>(null);
  const atEnd = useSignal(true);
  const seen = (): void => {
    chat.seen();
    polls.seen();
  };
  const toEnd = (): void => end.current?.scrollIntoView({ block: "end" });

  useEffect(() => {
    const scroller = end.current?.closest<HTMLElement>(".panel-body");
    if (scroller === undefined || scroller === null) return;
    const scrolled = (): void => {
      atEnd.value = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
      if (atEnd.value) seen();
    };
    scroller.addEventListener("scroll", scrolled, { passive: true });
    return () => scroller.removeEventListener("scroll", scrolled);
  }, []);
  // Whoever reads further up is not moved away from there.
  useLayoutEffect(() => {
    if (!atEnd.peek()) return;
    toEnd();
    seen();
  }, [log, asked, outgoing.length, uploads.length, unsent.length]);
  const isEmpty = [log, asked, outgoing, uploads, unsent].every((each) => each.length === 0);

  return (
    <>
      {isEmpty ? (
        <p class="chat-note">{texts.noMessages}</p>
      ) : (
        <p class="chat-note">{texts.earlierNotShown}</p>
      )}
      {shown.length < log.length && <p class="chat-note">{texts.earlierUnreadable(log.length - shown.length)}</p>}
      <ol ref={list} class="chat-lines" aria-label={texts.messages}>
        {inOrder(shown, asked, refused).map((each) =>
          "options" in each ? (
            <PollCard key={each.id} session={session} poll={each} />
          ) : "pollId" in each ? (
            <UnreadablePoll key={each.id} poll={each} />
          ) : (
            <Line
              key={each.id}
              session={session}
              entry={each}
              outgoing={outgoing.find((line) => line.id === each.id)}
              askToDelete={() => {
                deleting.value = each;
              }}
            />
          ),
        )}
        {outgoing
          .filter((each) => !known.has(each.id))
          .map((each) => (
            <OutgoingLine key={each.id} session={session} line={each} />
          ))}
        {uploads
          .filter((each) => !known.has(each.id))
          .map((each) => (
            <OutgoingFile key={each.id} session={session} upload={each} />
          ))}
        {unsent.map((each) => (
          <UnsentFile key={each.id} session={session} unsent={each} />
        ))}
      </ol>
      {chat.problem.value !== undefined && (
        <p class="chat-problem" role="status">
          {texts.notDeleted}
        </p>
      )}
      {!atEnd.value && chat.unread.value + polls.unread.value > 0 && (
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

/** Lines and polls, in the order in which they were first shared. */
function inOrder(...lists: readonly (readonly (ChatEntry | Poll | Unreadable)[])[]): (ChatEntry | Poll | Unreadable)[] {
  return lists.flat().sort((one, other) => Number(one.firstSequence - other.firstSequence));
}

interface DeleteQuestionProps {
  readonly session: Session;
  readonly entry: ChatEntry;
  readonly close: () => void;
}

function DeleteQuestion({ session, entry, close }: DeleteQuestionProps): JSX.Element {
  return (
    <Confirm
      title={entry.file === undefined ? texts.deleteTitle : texts.deleteFileTitle}
      text={entry.file === undefined ? texts.deleteText : texts.deleteFileText}
      action={entry.own ? texts.deleteMessage : texts.removeMessage}
      confirm={() => void session.content.chat.delete(entry.id)}
      close={close}
    />
  );
}
