import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import { focusOn } from "./focus.ts";

/** The first stops of the Tab key in a meeting: past the top bar, and past the tiles. */
export function SkipLinks(): JSX.Element {
  return (
    <>
      <SkipLink target="stage" text={texts.skipToStage} />
      <SkipLink target="controls" text={texts.skipToControls} />
    </>
  );
}

/** Goes there without changing the address, whose fragment is the invite. */
function SkipLink({ target, text }: { target: string; text: string }): JSX.Element {
  return (
    <a
      class="skip"
      href={`#${target}`}
      onClick={(event) => {
        event.preventDefault();
        const element = document.getElementById(target);
        if (element !== null) focusOn(element);
      }}
    >
      {text}
    </a>
  );
}
