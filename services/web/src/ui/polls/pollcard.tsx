import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { texts } from "../../i18n/index.ts";
import { countedVotes, resultOf, uncountedVotes, type Poll, type Unreadable } from "../../session/content/pollbook.ts";
import type { Session } from "../../session/session.ts";
import { Avatar } from "../avatar.tsx";
import { Confirm } from "../confirm.tsx";
import { Icon } from "../icons.tsx";
import { Menu } from "../menu.tsx";
import { reasonFor } from "../chat/reason.ts";
import { unreadableText } from "../chat/unreadable.ts";
import { clockTime } from "../time.ts";
import { Ballot } from "./ballot.tsx";
import { Result } from "./result.tsx";

/** One poll between the lines of chat: who asks what, what one may do about it, and what came of it. */
export function PollCard({ session, poll }: { session: Session; poll: Poll }): JSX.Element {
  const { polls } = session.content;
  const asking = useSignal<"close" | "delete" | undefined>(undefined);
  const name = poll.own ? texts.youName : poll.senderName;
  const time = clockTime(poll.timeMs);
  const problem = polls.problem.value;
  const askToDelete = (): void => {
    asking.value = "delete";
  };
  return (
    <li class="chat-line">
      <Avatar participant={{ id: poll.senderId, displayName: poll.senderName }} />
      <div class="chat-text">
        <p class="chat-head">
          <bdi class="chat-name">{name}</bdi> <time>{time}</time>
        </p>
        <div class="poll" role="group" aria-label={texts.pollAbout(poll.question)}>
          <p class="poll-tag">
            <Icon name="poll" size="s" />
            {texts.poll}
            {poll.closed && <span>{texts.pollClosed}</span>}
          </p>
          <PollBody session={session} poll={poll} />
          {problem?.pollId === poll.id && (
            <p class="chat-problem" role="alert">
              {texts.pollNotChanged(reasonFor(problem.error))}
            </p>
          )}
          {poll.own && !poll.closed && (
            <button type="button" class="button small outline" onClick={() => (asking.value = "close")}>
              {texts.closePoll}
            </button>
          )}
        </div>
      </div>
      {(poll.own || session.isHost.value) && (
        <Menu
          name={texts.actionsForPoll(name, time)}
          class="icon-button"
          items={[{ text: poll.own ? texts.deletePoll : texts.removeMessage, destructive: true, press: askToDelete }]}
        >
          <Icon name="more" size="s" />
        </Menu>
      )}
      {asking.value !== undefined && (
        <Question session={session} poll={poll} what={asking.value} close={() => (asking.value = undefined)} />
      )}
    </li>
  );
}

function PollBody({ session, poll }: { session: Session; poll: Poll }): JSX.Element {
  const votes = session.content.polls.votes.value;
  const counted = countedVotes(poll, votes);
  const uncounted = uncountedVotes(poll, session.content.polls.unreadable.value);
  const own = counted.find((vote) => vote.own);
  const changing = useSignal(false);
  const peeking = useSignal(false);
  const body = useRef<HTMLDivElement>(null);
  const isVoting = !poll.closed && (own === undefined || changing.value);
  const change = (on: boolean): void => {
    changing.value = on;
    // What had the focus is gone with the form or its button.
    requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(on ? "input:checked" : ".poll-change")?.focus());
  };
  return (
    <div ref={body} class="poll-body">
      {isVoting ? (
        <Ballot key={own?.revision ?? 0} session={session} poll={poll} own={own} done={() => change(false)} />
      ) : (
        <p class="poll-question" dir="auto">
          {poll.question}
        </p>
      )}
      {(!isVoting || peeking.value) && <Result counts={resultOf(poll, votes)} />}
      <p class="poll-note">
        <span>{texts.voted(counted.length)}</span>{" "}
        <span role="status">{own !== undefined && !poll.closed && !changing.value && texts.voteCounts}</span>
      </p>
      {uncounted > 0 && <p class="poll-note">{texts.uncounted(uncounted)}</p>}
      {isVoting ? (
        <button type="button" class="button small ghost" onClick={() => (peeking.value = !peeking.value)}>
          {peeking.value ? texts.hideResult : texts.showResult}
        </button>
      ) : (
        !poll.closed && (
          <button type="button" class="button small ghost poll-change" onClick={() => change(true)}>
            {texts.changeVote}
          </button>
        )
      )}
    </div>
  );
}

/** A poll that cannot be opened, with the reason. */
export function UnreadablePoll({ poll }: { poll: Unreadable }): JSX.Element {
  return (
    <li class="chat-line">
      <Avatar participant={{ id: poll.senderId, displayName: poll.senderName }} />
      <div class="chat-text">
        <p class="chat-head">
          <bdi class="chat-name">{poll.senderName}</bdi> <time>{clockTime(poll.timeMs)}</time>
        </p>
        <p class="poll-tag">
          <Icon name="poll" size="s" />
          {texts.poll}
        </p>
        <p class="chat-deleted">{unreadableText(poll.refusal)}</p>
      </div>
    </li>
  );
}

interface QuestionProps {
  readonly session: Session;
  readonly poll: Poll;
  readonly what: "close" | "delete";
  readonly close: () => void;
}

function Question({ session, poll, what, close }: QuestionProps): JSX.Element {
  const { polls } = session.content;
  if (what === "close") {
    const confirm = (): void => void polls.close(poll);
    return <Confirm title={texts.closePollTitle} text={texts.closePollText} action={texts.closePoll} confirm={confirm} close={close} />;
  }
  const action = poll.own ? texts.deletePoll : texts.removeMessage;
  const confirm = (): void => void polls.delete(poll);
  return <Confirm title={texts.deletePollTitle} text={texts.deletePollText} action={action} confirm={confirm} close={close} />;
}
