import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { itemAfter } from "./arrows.ts";
import { Icon, type IconName } from "./icons.tsx";

export interface MenuItem {
  readonly text: string;
  readonly icon?: IconName;
  /** Drawn in place of an icon. */
  readonly emoji?: string;
  readonly destructive?: boolean;
  /** Whether the choice that it stands for is made; absent for one that is no choice. */
  readonly checked?: boolean;
  readonly press: () => void;
}

interface MenuProps {
  /** The button's accessible name. */
  readonly name: string;
  readonly class: string;
  /** What the button shows. */
  readonly children: ComponentChildren;
  readonly items: readonly MenuItem[];
}

/** A button that opens a list of commands: arrows move, Enter chooses, Esc closes. */
export function Menu({ name, class: className, children, items }: MenuProps): JSX.Element {
  const open = useSignal(false);
  const root = useRef<HTMLDivElement>(null);
  const close = (andFocus: boolean): void => {
    open.value = false;
    if (andFocus) root.current?.querySelector("button")?.focus();
  };
  useEffect(() => {
    if (!open.value) return;
    itemsOf(root.current)[0]?.focus();
    const pressedElsewhere = (event: Event): void => {
      if (!(event.target instanceof Node && root.current?.contains(event.target) === true)) close(false);
    };
    document.addEventListener("pointerdown", pressedElsewhere);
    return () => document.removeEventListener("pointerdown", pressedElsewhere);
  }, [open.value]);
  return (
    <div
      class="menu"
      ref={root}
      onKeyDown={(event) => open.value && navigate(event, root.current, close)}
      onFocusOut={(event) => {
        if (event.relatedTarget instanceof Node && root.current?.contains(event.relatedTarget) === false) close(false);
      }}
    >
      <button
        type="button"
        class={className}
        aria-label={name}
        aria-haspopup="menu"
        aria-expanded={open.value}
        onClick={(event) => {
          event.stopPropagation();
          open.value = !open.value;
        }}
      >
        {children}
      </button>
      {open.value && (
        <div class="menu-list" role="menu" aria-label={name}>
          {items.map((item) => (
            <button
              key={item.text}
              type="button"
              class={item.destructive === true ? "menu-item danger" : "menu-item"}
              role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
              aria-checked={item.checked}
              tabIndex={-1}
              onClick={(event) => {
                event.stopPropagation();
                close(true);
                item.press();
              }}
            >
              {item.icon !== undefined && <Icon name={item.icon} />}
              {item.emoji !== undefined && (
                <i class="emoji" aria-hidden="true">
                  {item.emoji}
                </i>
              )}
              <span>{item.text}</span>
              {item.checked === true && <Icon name="check" size="s" />}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function itemsOf(root: HTMLElement | null): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>(".menu-item") ?? [])];
}

function navigate(event: KeyboardEvent, root: HTMLElement | null, close: (andFocus: boolean) => void): void {
  const next = itemAfter(event.key, itemsOf(root));
  if (event.key === "Escape") close(true);
  else if (next !== undefined) next.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
