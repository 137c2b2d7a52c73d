import { timestampFromMs, timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";

import {
  ConnectionState,
  SourceKind,
  type Participant,
  type Source,
  type WaitingParticipant,
} from "../gen/conclave/v1/meetings_pb.js";
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
  /** When the meeting started, by the clock of this computer. */
  readonly startTimeMs: number;
  /** Whether nobody new but hosts comes in. */
  readonly locked: boolean;
  /** Who waits to be let in, longest first; told to hosts only. */
  readonly waiting: readonly WaitingParticipant[];
}

/** The meeting as Joined tells it: a new one, or the one resumed, replacing all that was known. */
export function rosterFrom(joined: Joined, startTimeMs: number): Roster {
  return {
    selfId: joined.participantId,
    participants: [...joined.participants].sort(byJoinTime),
    slots: new Map(joined.slots.map((slot) => [slot.mid, slot])),
    speakerIds: [],
    startTimeMs,
    locked: joined.locked,
    waiting: joined.waiting,
  };
}

/**
 * When the meeting started by the clock of this computer, which may differ from the appliance's.
 *
 * joined: of a client that came in just now; nowMs: now, by that clock.
 */
export function startTimeOf(joined: Joined, nowMs: number): number {
  const joinTime = joined.participants.find((participant) => participant.id === joined.participantId)?.joinTime;
  if (joinTime === undefined) return nowMs;
  return nowMs - Math.max(0, timestampMs(joinTime) - Number(joined.meetingStartTimeMs));
}

export function participantOf(roster: Roster, id: string): Participant | undefined {
  return roster.participants.find((participant) => participant.id === id);
}

/** What somebody is called; empty when nobody has this id. */
export function nameOf(roster: Roster, id: string): string {
  return participantOf(roster, id)?.displayName ?? "";
}

/** The roster after an event; the same one when the event changes nothing of it. */
export function afterEvent(roster: Roster, body: ServerMessage["body"]): Roster {
  switch (body.case) {
    case "participantChanged": {
      const changed = body.value.participant;
      return changed === undefined ? roster : withParticipant(roster, changed);
    }
    case "participantLeft": {
      const { participantId } = body.value;
      return {
        ...roster,
        participants: roster.participants.filter((participant) => participant.id !== participantId),
        speakerIds: roster.speakerIds.filter((id) => id !== participantId),
      };
    }
    case "qualityChanged": {
      const { participantId, quality } = body.value;
      const changed = participantOf(roster, participantId);
      if (changed === undefined || quality === undefined) return roster;
      return withParticipant(roster, { ...changed, quality });
    }
    case "slotsChanged":
      return withSlots(roster, body.value.slots);
    case "speakersChanged":
      return { ...roster, speakerIds: body.value.participantIds };
    case "lockChanged":
      return { ...roster, locked: body.value.locked };
    case "lobbyChanged":
      return { ...roster, waiting: body.value.waiting };
    default:
      return roster;
  }
}

function withParticipant(roster: Roster, changed: Participant): Roster {
  const known = roster.participants.some((participant) => participant.id === changed.id);
  const participants = known
    ? roster.participants.map((participant) => (participant.id === changed.id ? changed : participant))
    : [...roster.participants, changed].sort(byJoinTime);
  return { ...roster, participants };
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
export function isReconnecting(participant: Pick<Participant, "connectionState">): boolean {
  return participant.connectionState === ConnectionState.RECONNECTING;
}

/** The roster in which these hands are up and no others. raised: by participant id, since when. */
export function withHands(roster: Roster, raised: ReadonlyMap<string, number>): Roster {
  const participants = roster.participants.map(({ handRaiseTime: _, ...participant }): Participant => {
    const sinceMs = raised.get(participant.id);
    return sinceMs === undefined ? participant : { ...participant, handRaiseTime: timestampFromMs(sinceMs) };
  });
  return { ...roster, participants };
}

/** The participants whose hands are up, the one raised first first. */
export function raisedHands(participants: readonly Participant[]): Participant[] {
  const raised = participants.filter((participant) => participant.handRaiseTime !== undefined);
  return raised.sort((a, b) => compareTimes(a.handRaiseTime, b.handRaiseTime));
}

function byJoinTime(a: Participant, b: Participant): number {
  const order = compareTimes(a.joinTime, b.joinTime);
  return order !== 0 ? order : a.id < b.id ? -1 : 1;
}

function compareTimes(a: Timestamp | undefined, b: Timestamp | undefined): number {
  const seconds = Number((a?.seconds ?? 0n) - (b?.seconds ?? 0n));
  return seconds !== 0 ? seconds : (a?.nanos ?? 0) - (b?.nanos ?? 0);
}
