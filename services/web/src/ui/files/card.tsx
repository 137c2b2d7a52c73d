import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";

import { useFocusHeir } from "../focus.ts";
import { Icon, type IconName } from "../icons.tsx";

/** Whatever is shown of one file. When a button in it makes way for others, the first of those has the focus. */
export function FileShown({ children }: { children: ComponentChildren }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useFocusHeir(element, (shown) => {
    const offered = shown.querySelector<HTMLElement>(".chat-refused button");
    return offered ?? shown.querySelector<HTMLElement>(".file-card button");
  });
  return (
    <div ref={element} class="file">
      {children}
    </div>
  );
}

interface CardProps {
  readonly name: string;
  /** What it is, or how it stands with it. */
  readonly about: string;
  /** How far it has come, 0 to 1, and the accessible name of that; absent for a file that goes nowhere. */
  readonly progress?: { readonly value: number; readonly name: string } | undefined;
  /** The buttons beside it. */
  readonly children?: ComponentChildren;
}

/** A file between the lines of the chat. */
export function FileCard({ name, about, progress, children }: CardProps): JSX.Element {
  return (
    <div class="file-card">
      <span class="file-kind">
        <Icon name="file" />
      </span>
      <div class="file-about">
        <p class="file-name" title={name}>
          <bdi>{name}</bdi>
        </p>
        <p class="file-facts">{about}</p>
        {progress !== undefined && (
          <progress class="file-progress" aria-label={progress.name} max={1} value={progress.value} />
        )}
      </div>
      {children}
    </div>
  );
}

interface CardButtonProps {
  readonly icon: IconName;
  readonly name: string;
  readonly press: () => void;
}

/** A button beside a file; its name says which. */
export function CardButton({ icon, name, press }: CardButtonProps): JSX.Element {
  return (
    <button type="button" class="icon-button" aria-label={name} title={name} onClick={press}>
      <Icon name={icon} size="s" />
    </button>
  );
}
