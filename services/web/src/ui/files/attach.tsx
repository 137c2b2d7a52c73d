import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { texts } from "../../i18n/index.ts";
import type { Session } from "../../session/session.ts";
import { Icon } from "../icons.tsx";

/** Opens the browser's choice of files, and sends what is chosen. text: what it says; absent for the paper-clip. */
export function AttachButton({ session, text }: { session: Session; text?: string }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class={text === undefined ? "icon-button" : "button small outline"}
        aria-label={text === undefined ? texts.attachFile : undefined}
        title={text === undefined ? texts.attachFile : undefined}
        onClick={() => input.current?.click()}
      >
        {text ?? <Icon name="paperclip" />}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          sendFiles(session, event.currentTarget.files ?? []);
          event.currentTarget.value = ""; // The same file may be chosen again.
        }}
      />
    </>
  );
}

/** Sends files to whom lines go. */
export function sendFiles(session: Session, files: Iterable<File>): void {
  session.content.files.uploads.add(files, session.content.chat.addressee.peek());
}
