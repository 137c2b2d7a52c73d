import type { Member } from "../../crypto/member.ts";
import type { Roster } from "../../protocol/roster.ts";

/** A roster in which everybody in the end-to-end group is called as the deployment has signed, not as the appliance says. */
export function withProvenNames(roster: Roster, members: ReadonlyMap<string, Member>): Roster {
  if (members.size === 0) return roster;
  const participants = roster.participants.map((participant) => {
    const proved = members.get(participant.id);
    if (proved === undefined) return participant;
    const { displayName, subject } = proved;
    return { ...participant, displayName, member: subject !== "" };
  });
  return { ...roster, participants };
}
