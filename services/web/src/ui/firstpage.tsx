import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import { readDialCode } from "../protocol/dialcode.ts";
import { useHeading } from "./heading.ts";
import { Page } from "./page.tsx";

/** The page without an invite: a dial code leads to a meeting too. */
export function FirstPage({ begin }: { begin: (dialCode: string) => void }): JSX.Element {
  const typed = useSignal("");
  const isWrong = useSignal(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    const dialCode = readDialCode(typed.value);
    isWrong.value = dialCode === undefined;
    if (dialCode !== undefined) begin(dialCode);
  };
  useHeading("first", undefined);
  // A link whose end was lost still says where it wanted to go.
  const wasLink = location.pathname === "/join";
  return (
    <Page>
      <div class="farewell">
        <h1>{wasLink ? texts.noInviteTitle : texts.firstTitle}</h1>
        <p>{wasLink ? texts.noInviteText : texts.firstText}</p>
        <form class="dial-form" onSubmit={submit} noValidate>
          <label class="field">
            {texts.dialCode}
            <input
              class="input dial-input"
              inputMode="numeric"
              autocomplete="off"
              maxLength={15}
              placeholder="000 000 000"
              value={typed.value}
              aria-invalid={isWrong.value}
              aria-describedby="dial-problem"
              onInput={(event) => {
                typed.value = event.currentTarget.value;
              }}
            />
          </label>
          <button type="submit" class="button primary">
            {texts.goOn}
          </button>
          <p id="dial-problem" class="problem" role="status">
            {isWrong.value && texts.dialCodeWrong}
          </p>
        </form>
      </div>
    </Page>
  );
}
