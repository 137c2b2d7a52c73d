import { EndReason } from "../gen/conclave/v1/meetings_pb.js";
import { ErrorCode } from "../gen/conclave/v1/signalling_pb.js";
import { texts } from "../i18n/index.ts";
import { groupDialCode } from "../protocol/dialcode.ts";
import type { Obstacle } from "../session/group/protection.ts";
import type { Session } from "../session/session.ts";
import type { IconName } from "./icons.tsx";
import { clockTime } from "./time.ts";

/** What the page says when one is not, or not any more, in a meeting. */
export interface Ending {
  readonly icon?: IconName;
  readonly title: string;
  readonly text: string;
  /** Lets the person try again from the start. */
  readonly action?: string;
  /** What comes of the action. */
  readonly note?: string;
}

/** The ending that belongs to where the person is; atMs: when it came. */
export function endingOf(session: Session, atMs: number): Ending {
  switch (session.phase.value) {
    case "left":
      return { title: wasIn(session) ? texts.leftTitle : texts.stoppedWaitingTitle, text: "", action: texts.joinAgain };
    case "ended":
      return end(session, atMs);
    default:
      return refusal(session);
  }
}

function end(session: Session, atMs: number): Ending {
  switch (session.endReason.value) {
    case EndReason.TIMED_OUT:
      return { icon: "noConnection", title: texts.stateLost, text: texts.endedTimedOut, action: texts.joinAgain };
    case EndReason.REMOVED:
      return {
        icon: "exit",
        title: texts.removedTitle,
        text: texts.removedText(clockTime(atMs)),
        // A personal invite lets nobody back in while the meeting lasts; who holds a shared link may be somebody else.
        ...(session.fixedName.value === ""
          ? { action: texts.askToRejoin, note: texts.askToRejoinNote }
          : { note: texts.removedMemberNote }),
      };
    case EndReason.TURNED_AWAY:
      return { icon: "exit", title: texts.turnedAwayTitle, text: texts.turnedAwayText, action: texts.askAgain };
    default:
      return { title: texts.endedTitle, text: wasIn(session) ? texts.endedByHost : texts.endedWhileWaiting };
  }
}

function obstructed(obstacle: Obstacle): Ending {
  const icon = "broken";
  switch (obstacle) {
    case "browser":
      return { icon, title: texts.cantEncryptTitle, text: texts.cantEncryptText };
    case "deployment-changed":
      return { icon, title: texts.deploymentChangedTitle, text: texts.deploymentChangedText };
    case "identity-refused":
      return { icon, title: texts.identityRefusedTitle, text: texts.identityRefusedText };
    case "worker":
      return { icon, title: texts.identityRefusedTitle, text: texts.keysLostText, action: texts.joinAgain };
  }
}

function refusal(session: Session): Ending {
  const obstacle = session.obstacle.value;
  if (obstacle !== undefined) return obstructed(obstacle);
  const problem = session.problem.value;
  switch (problem?.code) {
    case ErrorCode.INVITE_INVALID:
      return invalidInvite(session);
    case ErrorCode.INVITE_EXPIRED:
      return { title: texts.inviteExpiredTitle, text: texts.inviteExpiredText };
    case ErrorCode.INVITE_REVOKED:
      return { title: texts.inviteRevokedTitle, text: texts.inviteRevokedText };
    case ErrorCode.ROOM_FULL:
      return { icon: "people", title: texts.roomFullTitle, text: texts.roomFullText, action: texts.tryAgain };
    case ErrorCode.MEETING_LOCKED:
      return { icon: "padlock", title: texts.lockedTitle, text: texts.lockedText, action: texts.tryAgain };
    case ErrorCode.MEMBERS_ONLY:
      return { icon: "padlock", title: texts.membersOnlyTitle, text: texts.membersOnlyText };
    case ErrorCode.REMOVED:
      return { icon: "exit", title: texts.removedTitle, text: texts.removedMemberNote };
    case ErrorCode.VERSION_MISMATCH:
      return { title: texts.versionTitle, text: texts.versionText, action: texts.reload };
    case ErrorCode.REPLACED:
      return { title: texts.replacedTitle, text: texts.replacedText };
    default:
      return { title: texts.refusedTitle, text: problem?.message ?? "", action: texts.tryAgain };
  }
}

function invalidInvite({ invitation }: Session): Ending {
  return invitation.case === "dialCode"
    ? {
        title: texts.noInviteTitle,
        text: texts.dialCodeUnknown(groupDialCode(invitation.value)),
        action: texts.tryAnotherCode,
      }
    : { title: texts.noInviteTitle, text: texts.inviteInvalidText };
}

function wasIn(session: Session): boolean {
  return session.roster.value !== undefined;
}
