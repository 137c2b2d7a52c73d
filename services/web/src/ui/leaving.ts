import { Role } from "../gen/conclave/v1/rooms_pb.js";
import type { Session } from "../session/session.ts";
import type { View } from "./view.ts";

/** Leaves; the only host is asked first who shall take over, when anybody stays behind. */
export function leave(session: Session, view: View): void {
  const others = (session.roster.value?.participants.length ?? 1) - 1;
  if (session.isHost.value && others > 0 && !hasOtherHost(session)) view.show("handOver");
  else void session.leave();
}

/** Whether somebody else in the meeting is a host too. */
export function hasOtherHost({ roster }: Session): boolean {
  const { participants = [], selfId = "" } = roster.value ?? {};
  return participants.some((participant) => participant.role === Role.HOST && participant.id !== selfId);
}
