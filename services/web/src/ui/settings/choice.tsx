import type { Signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";

interface ChoiceProps {
  readonly value: Signal<boolean>;
  readonly disabled?: boolean;
  readonly children: ComponentChildren;
}

/** Something that is on or off. */
export function Choice({ value, disabled = false, children }: ChoiceProps): JSX.Element {
  return (
    <label class="choice">
      <input
        type="checkbox"
        disabled={disabled}
        checked={value.value}
        onChange={(event) => {
          value.value = event.currentTarget.checked;
        }}
      />
      <span>{children}</span>
    </label>
  );
}
