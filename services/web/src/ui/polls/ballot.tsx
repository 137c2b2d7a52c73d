import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { Poll, Vote } from "../../session/content/pollbook.ts";
import type { Session } from "../../session/session.ts";

interface BallotProps {
  readonly session: Session;
  readonly poll: Poll;
  /** The vote that is changed; undefined for the first. */
  readonly own: Vote | undefined;
  readonly done: () => void;
}

/** The answers to choose from. */
export function Ballot({ session, poll, own, done }: BallotProps): JSX.Element {
  const chosen = useSignal<readonly string[]>(own?.options ?? []);
  const choose = (option: string, on: boolean): void => {
    if (!poll.multiple) chosen.value = [option];
    else chosen.value = poll.options.filter((each) => (each === option ? on : chosen.value.includes(each)));
  };
  const { polls } = session.content;
  const vote = async (): Promise<void> => {
    if (await polls.vote(poll, chosen.peek())) done();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void vote();
      }}
    >
      <fieldset class="poll-ballot">
        <legend>
          <bdi>{poll.question}</bdi>
        </legend>
        {poll.options.map((option) => (
          <label key={option} class="choice">
            <input
              type={poll.multiple ? "checkbox" : "radio"}
              name={`poll-${poll.id}`}
              checked={chosen.value.includes(option)}
              onChange={(event) => choose(option, event.currentTarget.checked)}
            />
            <bdi>{option}</bdi>
          </label>
        ))}
      </fieldset>
      <p class="poll-note">{poll.multiple ? texts.chooseSome : texts.chooseOne}</p>
      <div class="poll-actions">
        <button type="submit" class="button small primary" aria-busy={polls.busy.value.has(poll.id)} disabled={chosen.value.length === 0}>
          {texts.vote}
        </button>
        {own !== undefined && (
          <button type="button" class="button small ghost" onClick={done}>
            {texts.keepVote}
          </button>
        )}
      </div>
    </form>
  );
}
