import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { borrowFocus } from "./focus.ts";

interface ModalProps {
  readonly name: string;
  readonly class: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

/**
 * Something over the page that keeps the keyboard until it is closed, by Esc too. The focus goes back to where it was.
 */
export function Modal({ name, class: className, close, children }: ModalProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    const giveBack = borrowFocus(dialog);
    dialog?.showModal();
    // What lies within was shown before, and would be under it.
    for (const inner of dialog?.querySelectorAll<HTMLDialogElement>("dialog[open]") ?? []) {
      inner.close();
      inner.showModal();
    }
    return () => {
      dialog?.close();
      giveBack();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={className}
      aria-label={name}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.stopPropagation(); // It closes this, and nothing that lies below.
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) close(); // The ground around what it shows.
      }}
    >
      {children}
    </dialog>
  );
}
