import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import { Icon } from "../icons.tsx";
import { partsOf } from "./links.ts";

/** What was written, its web addresses as links. Each paragraph has a direction of its own. */
export function Words({ text }: { text: string }): JSX.Element {
  return (
    <p class="chat-words" dir="auto">
      {partsOf(text).map((part, place) =>
        part.href === undefined ? (
          part.text
        ) : (
          <a key={place} href={part.href} target="_blank" rel="noopener noreferrer">
            {part.text}
          </a>
        ),
      )}
    </p>
  );
}

/** Says that only two people see a line. */
export function PrivateMark({ name }: { name: string }): JSX.Element {
  return (
    <p class="chat-private">
      <Icon name="padlock" size="s" />
      {texts.toYou(name)}
    </p>
  );
}
