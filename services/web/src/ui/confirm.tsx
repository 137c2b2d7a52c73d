import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import { Dialog } from "./dialog.tsx";

interface ConfirmProps {
  /** Names what it is about. */
  readonly title: string;
  readonly text: string;
  /** The button that does it. */
  readonly action: string;
  readonly confirm: () => void;
  readonly close: () => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, text, action, confirm, close }: ConfirmProps): JSX.Element {
  return (
    <Dialog
      title={title}
      close={close}
      actions={
        <>
          <button type="button" class="button outline" onClick={close}>
            {texts.cancel}
          </button>
          <button
            type="button"
            class="button danger"
            onClick={() => {
              close();
              confirm();
            }}
          >
            {action}
          </button>
        </>
      }
    >
      <p>{text}</p>
    </Dialog>
  );
}
