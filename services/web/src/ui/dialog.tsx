import type { ComponentChildren, JSX } from "preact";

import { texts } from "../i18n/index.ts";
import { Icon } from "./icons.tsx";
import { Modal } from "./modal.tsx";

interface DialogProps {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
  /** The buttons below, the one that acts last. */
  readonly actions?: ComponentChildren;
}

/** A titled box over the page. */
export function Dialog({ title, close, children, actions }: DialogProps): JSX.Element {
  return (
    <Modal name={title} class="dialog" close={close}>
      <div class="dialog-head">
        <h2>{title}</h2>
        <button type="button" class="icon-button" aria-label={texts.close} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog-body">{children}</div>
      {actions !== undefined && <div class="dialog-foot">{actions}</div>}
    </Modal>
  );
}
