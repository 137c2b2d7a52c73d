import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import { borrowFocus, focusOn } from "./focus.ts";
import { Icon } from "./icons.tsx";
import { Modal } from "./modal.tsx";
import { panelsBeside } from "./width.ts";

interface PanelProps {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
  /** Buttons beside the title. */
  readonly actions?: ComponentChildren;
  /** What stays in sight below. */
  readonly foot?: ComponentChildren;
}

/** A panel: beside the stage where there is room, over it as a dialog where there is not. */
export function Panel(props: PanelProps): JSX.Element {
  const { title, close } = props;
  if (panelsBeside.value) return <PanelBeside {...props} />;
  return (
    <Modal name={title} class="panel panel-over" close={close}>
      <PanelParts {...props} />
    </Modal>
  );
}

/** Takes the focus when it opens; what had it before gets it back, unless the person has moved on. Esc closes it. */
function PanelBeside(props: PanelProps): JSX.Element {
  const { title, close } = props;
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    const panel = element.current;
    const giveBack = borrowFocus(panel);
    const first = panel?.querySelector<HTMLElement>("[data-first-focus]");
    const heading = panel?.querySelector("h2");
    if (first) first.focus();
    else if (heading) focusOn(heading);
    return giveBack;
  }, []);
  const escaped = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    close();
  };
  return (
    <aside ref={element} class="panel" aria-label={title} onKeyDown={escaped}>
      <PanelParts {...props} />
    </aside>
  );
}

function PanelParts({ title, close, children, actions, foot }: PanelProps): JSX.Element {
  return (
    <>
      <div class="panel-head">
        <h2>{title}</h2>
        {actions}
        <button type="button" class="icon-button" aria-label={texts.closePanel(title)} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div class="panel-body">{children}</div>
      {foot !== undefined && <div class="panel-foot">{foot}</div>}
    </>
  );
}
