import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Icon } from "./icons.tsx";

/** Says that a host has switched the microphone off, until it is on again or the person has read it. */
export function MutedBanner({ session }: { session: Session }): JSX.Element {
  const { mutedBy } = session.sources;
  const name = mutedBy.value;
  return (
    <div role="status">
      {name !== undefined && (
        <div class="banner muted-banner">
          <Icon name="microphoneOff" />
          <span>{name === "" ? texts.mutedByHost : texts.mutedByName(name)}</span>
          <button
            type="button"
            class="icon-button"
            aria-label={texts.dismiss}
            onClick={() => {
              mutedBy.value = undefined;
            }}
          >
            <Icon name="close" size="s" />
          </button>
        </div>
      )}
    </div>
  );
}
