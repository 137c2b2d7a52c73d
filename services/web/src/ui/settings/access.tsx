import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import { announcementLevel } from "../announcements.tsx";
import { singleKeys } from "../commands.ts";
import { Choice } from "./choice.tsx";
import { Pick } from "./pick.tsx";

/** What the keyboard does, and what screen readers are told. */
export function AccessSettings(): JSX.Element {
  return (
    <>
      <Choice value={singleKeys}>
        {texts.singleKeys}
        <span class="hint">{texts.singleKeysText}</span>
      </Choice>
      <Pick
        label={texts.announcements}
        icon="speaker"
        chosen={announcementLevel}
        options={[
          { value: "all", text: texts.announceAll },
          { value: "important", text: texts.announceImportant },
          { value: "none", text: texts.announceNone },
        ]}
      />
    </>
  );
}
