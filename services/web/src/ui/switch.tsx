import type { JSX } from "preact";

/** A choice between on and off that is made at once. */
export function Switch({ text, on, press }: { text: string; on: boolean; press: () => void }): JSX.Element {
  return (
    <button type="button" class="switch" role="switch" aria-checked={on} onClick={press}>
      <span>{text}</span>
      <span class="switch-track" aria-hidden="true" />
    </button>
  );
}
