import type { Participant } from "../gen/conclave/v1/meetings_pb.js";
import { Role } from "../gen/conclave/v1/rooms_pb.js";
import type { Session } from "../session/session.ts";
import type { View } from "./view.ts";

/** Leaves; the only host is asked first who shall take over, when anybody stays behind. */
export function leave(session: Session, view: View): void {
  if (session.isHost.value && possibleHosts(session).length > 0 && !hasOtherHost(session)) view.show("handOver");
  else void session.leave();
}

/** Who else could be host: people, not devices. */
export function possibleHosts({ roster }: Session): Participant[] {
  const { participants = [], selfId = "" } = roster.value ?? {};
  return participants.filter(({ id, role }) => id !== selfId && role !== Role.DEVICE);
}

/** Whether somebody else in the meeting is a host too. */
export function hasOtherHost({ roster }: Session): boolean {
  const { participants = [], selfId = "" } = roster.value ?? {};
  return participants.some((participant) => participant.role === Role.HOST && participant.id !== selfId);
}
