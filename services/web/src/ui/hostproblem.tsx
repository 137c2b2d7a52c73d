import type { JSX } from "preact";

import { ErrorCode } from "../gen/conclave/v1/signalling_pb.js";
import { texts } from "../i18n/index.ts";
import { SignallingError } from "../protocol/errors.ts";
import type { Session } from "../session/session.ts";
import { Icon } from "./icons.tsx";

/** Why what a host decided was not carried out, until something is. */
export function HostProblem({ session }: { session: Session }): JSX.Element {
  const problem = session.hosting.problem.value;
  return (
    <div role="status">
      {problem !== undefined && (
        <div class="banner">
          <Icon name="warning" />
          <span>{problemText(problem)}</span>
        </div>
      )}
    </div>
  );
}

function problemText(problem: Error): string {
  if (!(problem instanceof SignallingError)) return texts.hostingLost;
  switch (problem.code) {
    case ErrorCode.ROOM_FULL:
      return texts.hostingFull;
    case ErrorCode.MEMBERS_ONLY:
      return texts.hostingMembersOnly;
    case ErrorCode.PERMISSION_DENIED:
      return texts.hostingDenied;
    default:
      return texts.hostingFailed(problem.message);
  }
}
