import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import { isEndToEnd } from "../session/group/enrolment.ts";
import type { Session } from "../session/session.ts";
import { endingOf } from "./endings.ts";
import { Icon } from "./icons.tsx";
import { Page } from "./page.tsx";
import { lengthText } from "./time.ts";

/** The page after the meeting, or in its place. */
export function Farewell({ session }: { session: Session }): JSX.Element {
  const [nowMs] = useState(Date.now);
  const { icon, title, text, action, note } = endingOf(session, nowMs);
  const room = session.room.value;
  const startTimeMs = session.roster.value?.startTimeMs;
  return (
    <Page>
      <div class="farewell">
        {icon !== undefined && (
          <span class="farewell-icon">
            <Icon name={icon} size="l" />
          </span>
        )}
        <h1>{title}</h1>
        {room !== undefined && <p class="farewell-room">{room.displayName}</p>}
        {text !== "" && <p role="status">{text}</p>}
        {startTimeMs !== undefined && <Kept lengthMs={nowMs - startTimeMs} hadKeys={isEndToEnd(room)} />}
        {action !== undefined && (
          <button type="button" class="button primary" onClick={() => location.reload()}>
            {action}
          </button>
        )}
        {note !== undefined && <p class="farewell-note">{note}</p>}
      </div>
    </Page>
  );
}

/** What remains of a meeting that one was in. */
function Kept({ lengthMs, hadKeys }: { lengthMs: number; hadKeys: boolean }): JSX.Element {
  return (
    <>
      <dl class="card figures">
        <div>
          <dt>{texts.length}</dt>
          <dd>{lengthText(lengthMs)}</dd>
        </div>
      </dl>
      <h2>{texts.keptTitle}</h2>
      <ul class="card kept">
        <li>
          <Icon name="list" />
          <div>
            <strong>{texts.keptPresence}</strong>
            <p>{texts.keptPresenceText}</p>
          </div>
        </li>
        {hadKeys && (
          <li>
            <Icon name="key" />
            <div>
              <strong>{texts.keysErased}</strong>
              <p>{texts.keysErasedText}</p>
            </div>
          </li>
        )}
        <li>
          <Icon name="notRecorded" />
          <div>
            <strong>{texts.notRecorded}</strong>
            <p>{texts.keptNoRecording}</p>
          </div>
        </li>
      </ul>
    </>
  );
}
