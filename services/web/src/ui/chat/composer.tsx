import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { texts } from "../../i18n/index.ts";
import { MAX_LINE } from "../../session/content/chat.ts";
import type { Session } from "../../session/session.ts";
import { AttachButton, sendFiles } from "../files/attach.tsx";
import { Icon } from "../icons.tsx";

const MAX_ROWS = 6;
/** Whom a line is for while it is for everybody, as the value of the choice. */
const EVERYBODY = "";

/** Where one writes: Enter sends, Shift+Enter begins a new line. What is typed stays when the panel closes. */
export function Composer({ session }: { session: Session }): JSX.Element {
  const { chat } = session.content;
  const editing = chat.editing.value;
  const text = editing?.text ?? chat.draft.value;
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (editing !== undefined) area.current?.focus();
  }, [editing?.entry.id]);
  const change = (value: string): void => {
    if (editing === undefined) chat.draft.value = value;
    else chat.editing.value = { ...editing, text: value };
  };
  const stopEditing = (): void => {
    chat.editing.value = undefined;
  };
  const pressed = (event: KeyboardEvent): void => {
    // While an input method composes, Enter chooses what it offers.
    if (event.isComposing) return;
    if (event.key === "Escape" && editing !== undefined) stopEditing();
    else if (event.key === "Enter" && !event.shiftKey) chat.submit();
    else return;
    event.preventDefault();
  };
  const over = text.trim().length - MAX_LINE;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        chat.submit();
        area.current?.focus();
      }}
    >
      {editing === undefined ? <AddresseeChoice session={session} /> : <EditingNote cancel={stopEditing} />}
      <textarea
        ref={area}
        class="composer-text"
        data-first-focus
        aria-label={texts.message}
        aria-description={texts.enterSends}
        placeholder={placeholderFor(session)}
        rows={Math.min(MAX_ROWS, text.split("\n").length)}
        dir="auto"
        value={text}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={pressed}
        onPaste={(event) => {
          const files = event.clipboardData?.files;
          if (files === undefined || files.length === 0) return;
          event.preventDefault();
          sendFiles(session, files);
        }}
      />
      <div class="composer-foot">
        {editing === undefined && <AttachButton session={session} />}
        <button type="button" class="icon-button" aria-label={texts.newPoll} title={texts.newPoll} onClick={() => session.content.polls.write()}>
          <Icon name="poll" />
        </button>
        <span class="composer-over" role="status">
          {over > 0 && texts.tooLong(over)}
        </span>
        <button
          type="submit"
          class="icon-button"
          aria-label={editing === undefined ? texts.sendMessage : texts.saveMessage}
          disabled={text.trim() === "" || over > 0}
        >
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}

function EditingNote({ cancel }: { cancel: () => void }): JSX.Element {
  return (
    <div class="composer-note">
      <span>{texts.editingMessage}</span>
      <button type="button" class="button small ghost" onClick={cancel}>
        {texts.cancel}
      </button>
    </div>
  );
}

function AddresseeChoice({ session }: { session: Session }): JSX.Element | null {
  const { addressee } = session.content.chat;
  const roster = session.roster.value;
  const others = roster?.participants.filter((each) => each.id !== roster.selfId) ?? [];
  const chosen = addressee.value;
  // Somebody who has left stays chosen, so that a line meant for one is never said to all.
  const isGone = chosen !== undefined && others.every((each) => each.id !== chosen.id);
  if (others.length === 0 && chosen === undefined) return null;
  const people = others.map(({ id, displayName }) => ({ id, name: displayName }));
  const offered = isGone ? [...people, chosen] : people;
  return (
    <label class="composer-note">
      <span>{texts.to}</span>
      <select
        value={chosen?.id ?? EVERYBODY}
        onChange={(event) => {
          addressee.value = offered.find((each) => each.id === event.currentTarget.value);
        }}
      >
        <option value={EVERYBODY}>{texts.everyone}</option>
        {offered.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function placeholderFor(session: Session): string {
  const addressee = session.content.chat.addressee.value;
  return addressee === undefined ? texts.messageEveryone : texts.messageTo(addressee.name);
}
