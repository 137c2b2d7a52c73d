import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { Count } from "../../session/content/pollbook.ts";

/** What came of a poll: a bar for each answer, and on demand who chose it. */
export function Result({ counts }: { counts: readonly Count[] }): JSX.Element {
  const named = useSignal(false);
  const anybody = counts.some(({ voters }) => voters.length > 0);
  return (
    <>
      <ul class="poll-result">
        {counts.map(({ option, voters, percent }) => (
          <li key={option}>
            <p class="poll-count">
              <bdi>{option}</bdi>
              {voters.some((vote) => vote.own) && <span class="poll-own">{texts.yourChoice}</span>}
              <span class="poll-number">{texts.votesFor(voters.length, percent)}</span>
            </p>
            <div class="poll-bar" aria-hidden="true">
              <div style={{ inlineSize: `${percent}%` }} />
            </div>
            {named.value && (
              <p class="poll-names">
                {voters.length === 0 ? texts.nobodyChose : voters.map((vote) => (vote.own ? texts.youName : vote.senderName)).join(", ")}
              </p>
            )}
          </li>
        ))}
      </ul>
      {anybody && (
        <button
          type="button"
          class="button small ghost"
          onClick={() => {
            named.value = !named.value;
          }}
        >
          {named.value ? texts.hideVoters : texts.showVoters}
        </button>
      )}
    </>
  );
}
