import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { itemAfter } from "./arrows.ts";
import { commandsOf, keysOf, shortcutOf, singleKeys, type Command } from "./commands.ts";
import { Dialog } from "./dialog.tsx";
import type { View } from "./view.ts";

/** Everything that a key does in a meeting. What can be done at once is done from here too. */
export function ShortcutsDialog({ session, view }: { session: Session; view: View }): JSX.Element {
  return (
    <Dialog title={texts.shortcutsTitle} close={() => view.show(undefined)}>
      <p class="setting-text">{singleKeys.value ? texts.shortcutsWhileTyping : texts.shortcutsOff}</p>
      <p id="shortcuts-how" class="setting-text">
        {texts.shortcutsHow}
      </p>
      <CommandList
        commands={commandsOf(session, view)}
        run={(command) => {
          view.show(undefined);
          command.run();
        }}
      />
      <OtherKeys session={session} />
    </Dialog>
  );
}

interface CommandListProps {
  readonly commands: readonly Command[];
  readonly run: (command: Command) => void;
}

/** One stop of the Tab key: arrows move, Enter runs. */
function CommandList({ commands, run }: CommandListProps): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const stop = useSignal(0);
  const moved = (event: KeyboardEvent): void => {
    const next = itemAfter(event.key, [...(list.current?.querySelectorAll("button") ?? [])]);
    if (next === undefined) return;
    next.focus();
    event.preventDefault();
  };
  return (
    <div
      ref={list}
      class="shortcuts"
      role="menu"
      aria-label={texts.shortcutsTitle}
      aria-describedby="shortcuts-how"
      onKeyDown={moved}
    >
      {commands.map((command, index) => (
        <button
          key={command.text}
          type="button"
          class="shortcut"
          role="menuitem"
          aria-keyshortcuts={shortcutOf(command)}
          tabIndex={index === stop.value ? 0 : -1}
          autofocus={index === 0}
          onFocus={() => {
            stop.value = index;
          }}
          onClick={() => run(command)}
        >
          <span>{command.text}</span>
          {/* Told by aria-keyshortcuts. */}
          <span aria-hidden="true">
            <Keys keys={keysOf(command)} />
          </span>
        </button>
      ))}
    </div>
  );
}

/** What keys do where they are pressed. */
function OtherKeys({ session }: { session: Session }): JSX.Element {
  const rows: [string, string[]][] = [
    [texts.keysMove, ["←", "→", "↑", "↓"]],
    [texts.keysPin, [texts.keyEnter]],
    [texts.keysMoveOwn, [texts.keyShift, "←"]],
  ];
  if (session.local.preferences.holdSpaceToTalk.value) rows.unshift([texts.keysTalk, [texts.keySpace]]);
  return (
    <dl class="shortcuts">
      {rows.map(([text, keys]) => (
        <div key={text} class="shortcut">
          <dt>{text}</dt>
          <dd>
            <Keys keys={keys} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Keys({ keys }: { keys: readonly string[] }): JSX.Element {
  return (
    <span class="shortcut-keys">
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
