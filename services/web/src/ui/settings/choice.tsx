import type { Signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";

/** Something that is on or off. */
export function Choice({ value, children }: { value: Signal<boolean>; children: ComponentChildren }): JSX.Element {
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={value.value}
        onChange={(event) => {
          value.value = event.currentTarget.checked;
        }}
      />
      <span>{children}</span>
    </label>
  );
}
