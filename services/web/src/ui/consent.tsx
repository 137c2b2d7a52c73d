import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import { Icon } from "./icons.tsx";

/** What a recorded room asks before one joins: what is kept and why, and whether one agrees. */
export function Consent({ agree, decline }: { agree: () => void; decline: () => void }): JSX.Element {
  const agreed = useSignal(false);
  return (
    <section class="card consent" aria-labelledby="consent-title">
      <header class="consent-head">
        <span class="consent-icon sealed">
          <Icon name="sealed" size="l" />
        </span>
        <div>
          <h1 id="consent-title">{texts.consentTitle}</h1>
          <p class="hint">{texts.consentRead}</p>
        </div>
      </header>
      <dl class="consent-facts">
        <dt>{texts.consentKept}</dt>
        <dd>{texts.consentKeptText}</dd>
        <dt>{texts.consentWho}</dt>
        <dd>{texts.consentWhoText}</dd>
        <dt>{texts.consentWhy}</dt>
        <dd>{texts.consentNotTold}</dd>
        <dt>{texts.consentHowLong}</dt>
        <dd>{texts.consentNotTold}</dd>
        <dt>{texts.consentRights}</dt>
        <dd>{texts.consentRightsText}</dd>
      </dl>
      <label class="choice consent-box">
        <input
          type="checkbox"
          checked={agreed.value}
          onChange={(event) => {
            agreed.value = event.currentTarget.checked;
          }}
        />
        <span>{texts.consentAgree}</span>
      </label>
      <div class="consent-actions">
        <button type="button" class="button outline" onClick={decline}>
          {texts.consentDecline}
        </button>
        <button
          type="button"
          class="button primary"
          disabled={!agreed.value}
          aria-describedby="consent-tick"
          onClick={agree}
        >
          {texts.joinMeeting}
        </button>
      </div>
      <p id="consent-tick" class="hint">
        {texts.consentTick}
      </p>
    </section>
  );
}
