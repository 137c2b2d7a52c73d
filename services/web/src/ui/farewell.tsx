import type { JSX } from "preact";

import { EndReason } from "../gen/conclave/v1/meetings_pb.js";
import { ErrorCode } from "../gen/conclave/v1/signalling_pb.js";
import { texts } from "../i18n/index.ts";
import type { SignallingError } from "../protocol/errors.ts";
import type { Session } from "../session/session.ts";
import { Page } from "./page.tsx";

interface FarewellText {
  readonly title: string;
  readonly text: string;
  /** What the person can do here. */
  readonly action?: string;
}

function refusalText(problem: SignallingError | undefined): FarewellText {
  switch (problem?.code) {
    case ErrorCode.INVITE_INVALID:
      return { title: texts.noInviteTitle, text: texts.inviteInvalidText };
    case ErrorCode.INVITE_EXPIRED:
      return { title: texts.inviteExpiredTitle, text: texts.inviteExpiredText };
    case ErrorCode.INVITE_REVOKED:
      return { title: texts.inviteRevokedTitle, text: texts.inviteRevokedText };
    case ErrorCode.ROOM_FULL:
      return { title: texts.roomFullTitle, text: texts.roomFullText, action: texts.reload };
    case ErrorCode.VERSION_MISMATCH:
      return { title: texts.versionTitle, text: texts.versionText, action: texts.reload };
    case ErrorCode.REPLACED:
      return { title: texts.replacedTitle, text: texts.replacedText };
    default:
      return { title: texts.refusedTitle, text: problem?.message ?? "", action: texts.reload };
  }
}

function endText(reason: EndReason): FarewellText {
  if (reason === EndReason.TIMED_OUT) {
    return { title: texts.stateLost, text: texts.endedTimedOut, action: texts.joinAgain };
  }
  return { title: texts.endedTitle, text: texts.endedByHost };
}

/** The page after the meeting, or in its place. */
export function Farewell({ session }: { session: Session }): JSX.Element {
  switch (session.phase.value) {
    case "left":
      return <FarewellPage session={session} title={texts.leftTitle} text="" action={texts.joinAgain} />;
    case "ended":
      return <FarewellPage session={session} {...endText(session.endReason.value)} />;
    default:
      return <FarewellPage session={session} {...refusalText(session.problem.value)} />;
  }
}

/** The page of a link without a token. */
export function NoInvite(): JSX.Element {
  return <FarewellPage title={texts.noInviteTitle} text={texts.noInviteText} />;
}

function FarewellPage({ session, title, text, action }: FarewellText & { session?: Session }): JSX.Element {
  const room = session?.room.value;
  const startTimeMs = session?.roster.value?.startTimeMs ?? 0;
  return (
    <Page>
      <div class="farewell">
        <h1>{title}</h1>
        {room !== undefined && <p class="farewell-room">{room.displayName}</p>}
        {text !== "" && <p role="status">{text}</p>}
        {startTimeMs > 0 && (
          <dl class="card figures">
            <div>
              <dt>{texts.length}</dt>
              <dd>{lengthText(Date.now() - startTimeMs)}</dd>
            </div>
          </dl>
        )}
        {action !== undefined && (
          <button type="button" class="button outline" onClick={() => location.reload()}>
            {action}
          </button>
        )}
      </div>
    </Page>
  );
}

function lengthText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes < 1 ? texts.underOneMinute : texts.minutes(minutes);
}
