import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { texts } from "../../i18n/index.ts";
import { MAX_OPTION, MAX_OPTIONS, MAX_QUESTION, MIN_OPTIONS } from "../../session/content/pollbook.ts";
import type { PollDraft } from "../../session/content/polls.ts";
import type { Session } from "../../session/session.ts";
import { reasonFor } from "../chat/reason.ts";
import { Dialog } from "../dialog.tsx";
import { Icon } from "../icons.tsx";

/** Where one writes a poll. Anyone may ask: who wants to ask everybody could do so in the chat as well. */
export function PollForm({ session, draft }: { session: Session; draft: PollDraft }): JSX.Element {
  const { polls } = session.content;
  const change = (changed: Partial<PollDraft>): void => {
    polls.draft.value = { ...draft, ...changed };
  };
  const close = (): void => {
    polls.draft.value = undefined;
  };
  const isReady = polls.ready.value !== undefined;
  const problem = polls.problem.value;
  return (
    <Dialog
      title={texts.newPoll}
      close={close}
      actions={
        <>
          <button type="button" class="button outline" onClick={close}>
            {texts.cancel}
          </button>
          <button type="submit" form="poll-form" class="button primary" disabled={!isReady || polls.busy.value.has(draft.id)}>
            {texts.startPoll}
          </button>
        </>
      }
    >
      <form
        id="poll-form"
        class="poll-form"
        onSubmit={(event) => {
          event.preventDefault();
          void polls.ask();
        }}
      >
        <label class="field">
          {texts.pollQuestion}
          <input
            class="input"
            autofocus
            maxLength={MAX_QUESTION}
            dir="auto"
            value={draft.question}
            onInput={(event) => change({ question: event.currentTarget.value })}
          />
        </label>
        <Options draft={draft} change={(options) => change({ options })} />
        <label class="choice">
          <input type="checkbox" checked={draft.multiple} onChange={(event) => change({ multiple: event.currentTarget.checked })} />
          <span>{texts.pollMultiple}</span>
        </label>
        <p class="poll-note">{texts.pollIsOpen}</p>
        {!isReady && <p class="poll-note">{texts.pollNeeds}</p>}
        {problem?.pollId === draft.id && (
          <p class="chat-problem" role="alert">
            {texts.notStarted(reasonFor(problem.error))}
          </p>
        )}
      </form>
    </Dialog>
  );
}

interface OptionsProps {
  readonly draft: PollDraft;
  readonly change: (options: readonly string[]) => void;
}

function Options({ draft: { options }, change }: OptionsProps): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const add = (): void => {
    change([...options, ""]);
    requestAnimationFrame(() => list.current?.querySelector<HTMLInputElement>("li:last-child .input")?.focus());
  };
  const remove = (place: number): void => {
    change(options.toSpliced(place, 1));
    list.current?.querySelector<HTMLInputElement>(".input")?.focus();
  };
  return (
    <>
      <ol class="poll-options" ref={list}>
        {options.map((option, place) => (
          <li key={place} class="poll-option">
            <input
              class="input"
              aria-label={texts.pollOption(place + 1)}
              placeholder={texts.pollOption(place + 1)}
              maxLength={MAX_OPTION}
              dir="auto"
              value={option}
              onInput={(event) => change(options.with(place, event.currentTarget.value))}
            />
            {options.length > MIN_OPTIONS && (
              <button type="button" class="icon-button" aria-label={texts.removeOption(place + 1)} onClick={() => remove(place)}>
                <Icon name="close" size="s" />
              </button>
            )}
          </li>
        ))}
      </ol>
      {options.length < MAX_OPTIONS && (
        <button type="button" class="button outline" onClick={add}>
          {texts.addOption}
        </button>
      )}
    </>
  );
}
