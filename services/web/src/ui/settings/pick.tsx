import type { Signal } from "@preact/signals";
import type { JSX } from "preact";

import { Icon, type IconName } from "../icons.tsx";

interface PickProps<T extends string | number> {
  readonly label: string;
  readonly icon: IconName;
  readonly chosen: Signal<T>;
  readonly options: readonly { readonly value: T; readonly text: string; readonly lang?: string }[];
}

/** One of a few, in a list that opens. */
export function Pick<T extends string | number>({ label, icon, chosen, options }: PickProps<T>): JSX.Element {
  return (
    <label class="field">
      {label}
      <span class="select">
        <Icon name={icon} size="s" />
        <select
          value={chosen.value}
          onChange={(event) => {
            const option = options[event.currentTarget.selectedIndex];
            if (option !== undefined) chosen.value = option.value;
          }}
        >
          {options.map(({ value, text, lang }) => (
            <option key={value} value={value} lang={lang}>
              {text}
            </option>
          ))}
        </select>
        <Icon name="chevron" size="s" />
      </span>
    </label>
  );
}
