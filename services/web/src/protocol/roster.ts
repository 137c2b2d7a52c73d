import { ConnectionState, SourceKind, type Participant, type Source } from "../gen/conclave/v1/meetings_pb.js";
import type { Joined, ServerMessage, Slot } from "../gen/conclave/v1/signalling_pb.js";

/** What a client knows of a meeting, an immutable value: each event makes a new one. */
export interface Roster {
  /** The client's own participant id. */
  readonly selfId: string;
  /** Everybody, in the order in which they joined; the client included. */
  readonly participants: readonly Participant[];
  /** What each slot shows, by mid. */
  readonly slots: ReadonlyMap<string, Slot>;
  /** Who speaks now, loudest first. */
  readonly speakerIds: readonly string[];
  readonly startTimeMs: number;
}

/** The meeting as Joined tells it: a new one, or the one resumed, replacing all that was known. */
export function rosterFrom(joined: Joined): Roster {
  return {
    selfId: joined.participantId,
    participants: [...joined.participants].sort(byJoinTime),
    slots: new Map(joined.slots.map((slot) => [slot.mid, slot])),
    speakerIds: [],
    startTimeMs: Number(joined.meetingStartTimeMs),
  };
}

/** The roster after an event; the same one when the event changes nothing of it. */
export function afterEvent(roster: Roster, body: ServerMessage["body"]): Roster {
  switch (body.case) {
    case "participantChanged": {
      const changed = body.value.participant;
      if (changed === undefined) return roster;
      const known = roster.participants.some((participant) => participant.id === changed.id);
      const participants = known
        ? roster.participants.map((participant) => (participant.id === changed.id ? changed : participant))
        : [...roster.participants, changed].sort(byJoinTime);
      return { ...roster, participants };
    }
    case "participantLeft": {
      const { participantId } = body.value;
      return {
        ...roster,
        participants: roster.participants.filter((participant) => participant.id !== participantId),
        speakerIds: roster.speakerIds.filter((id) => id !== participantId),
      };
    }
    case "slotsChanged":
      return withSlots(roster, body.value.slots);
    case "speakersChanged":
      return { ...roster, speakerIds: body.value.participantIds };
    default:
      return roster;
  }
}

/** The roster with some slots replaced. */
export function withSlots(roster: Roster, changed: readonly Slot[]): Roster {
  const slots = new Map(roster.slots);
  for (const slot of changed) slots.set(slot.mid, slot);
  return { ...roster, slots };
}

/** The participant's source of a kind, when it is sending. */
export function activeSource(participant: Participant, kind: SourceKind): Source | undefined {
  return participant.sources.find((source) => source.kind === kind && source.active);
}

/** Whether the appliance waits for the participant to come back. */
export function isReconnecting(participant: Participant): boolean {
  return participant.connectionState === ConnectionState.RECONNECTING;
}

function byJoinTime(a: Participant, b: Participant): number {
  const seconds = Number((a.joinTime?.seconds ?? 0n) - (b.joinTime?.seconds ?? 0n));
  if (seconds !== 0) return seconds;
  const nanos = (a.joinTime?.nanos ?? 0) - (b.joinTime?.nanos ?? 0);
  return nanos !== 0 ? nanos : a.id < b.id ? -1 : 1;
}
