import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Icon } from "./icons.tsx";
import { useLasting } from "./lasting.ts";
import { standingOf } from "./standing.tsx";
import type { View } from "./view.ts";

/** Everybody who comes in has no key for a moment, which needs no words. */
const PATIENCE_MS = 2_000;

/** What is wrong with the protection of an end-to-end meeting, or what one has to know of it. */
export function ProtectionBanner({ session, view }: { session: Session; view: View }): JSX.Element | null {
  return session.protection.isOn.value ? <Lines session={session} view={view} /> : null;
}

function Lines({ session, view }: { session: Session; view: View }): JSX.Element {
  const status = session.protection.status.value;
  const participants = session.roster.value?.participants ?? [];
  const securing = useLasting(status.name === "securing", PATIENCE_MS);
  const keyless = participants.filter(({ id }) => standingOf(session, id) === "noKey").length;
  const unseen = useLasting(status.name === "ready" && keyless > 0, PATIENCE_MS);
  const changed = participants.find(({ id }) => standingOf(session, id) === "changed");
  const givenUp = status.name === "securing" && status.givenUp !== undefined;
  return (
    <>
      <div role="status">
        {securing && <Line text={givenUp ? texts.securingAgain : texts.securingText} />}
        {unseen && <Line text={texts.unseen(keyless)} />}
      </div>
      <div role="alert">
        {changed !== undefined && (
          <div class="banner">
            <Icon name="broken" />
            <span>{texts.keyChangedNews(changed.displayName)}</span>
            <button type="button" class="banner-action" onClick={() => view.panel.value !== "security" && view.togglePanel("security")}>
              {texts.compareCodes}
            </button>
          </div>
        )}
      </div>
    </>
  );
}

function Line({ text }: { text: string }): JSX.Element {
  return (
    <div class="banner">
      <Icon name="key" />
      <span>{text}</span>
    </div>
  );
}
