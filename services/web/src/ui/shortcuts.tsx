import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { commandsOf, keysOf, singleKeys } from "./commands.ts";
import { Dialog } from "./dialog.tsx";
import type { View } from "./view.ts";

/** Everything that a key does in a meeting. */
export function ShortcutsDialog({ session, view }: { session: Session; view: View }): JSX.Element {
  return (
    <Dialog title={texts.shortcutsTitle} close={() => view.show(undefined)}>
      <p class="setting-text">{singleKeys.value ? texts.shortcutsWhileTyping : texts.shortcutsOff}</p>
      <dl class="shortcuts">
        {commandsOf(session, view).map((command) => (
          <div key={command.text} class="shortcut">
            <dt>{command.text}</dt>
            <dd>
              {keysOf(command).map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
