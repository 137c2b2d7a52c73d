import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface ModalProps {
  readonly name: string;
  readonly class: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

/**
 * Something over the page that keeps the keyboard until it is closed, by Esc too. Focus goes back to where it was,
 * which the browser sees to.
 */
export function Modal({ name, class: className, close, children }: ModalProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
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
      onClick={(event) => {
        if (event.target === event.currentTarget) close(); // The ground around what it shows.
      }}
    >
      {children}
    </dialog>
  );
}
