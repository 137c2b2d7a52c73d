import assert from "node:assert/strict";
import { test } from "node:test";

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";

import {
  ParticipantSchema,
  QualityLevel,
  QualityReason,
  SourceKind,
  SourceSchema,
  type Participant,
} from "../../src/gen/conclave/v1/meetings_pb.js";
import { JoinedSchema, ServerMessageSchema, type ServerMessage } from "../../src/gen/conclave/v1/signalling_pb.js";
import { activeSource, afterEvent, raisedHands, rosterFrom, startTimeOf, withHands, withSlots } from "../../src/protocol/roster.ts";

function participant(id: string, seconds: number): Participant {
  const joinTime = { seconds: BigInt(seconds), nanos: 0 };
  return create(ParticipantSchema, { id, displayName: id.toUpperCase(), joinTime });
}

function event(body: NonNullable<MessageInitShape<typeof ServerMessageSchema>["body"]>): ServerMessage["body"] {
  return create(ServerMessageSchema, { body }).body;
}

const answer = create(JoinedSchema, {
  participantId: "b",
  participants: [participant("b", 2), participant("a", 1)],
  slots: [{ mid: "4", audio: true }],
  meetingStartTimeMs: 1000n,
});
const joined = rosterFrom(answer, 0);
const ids = (roster: typeof joined): string[] => roster.participants.map((each) => each.id);

test("people are in the order in which they joined", () => {
  assert.deepEqual(ids(joined), ["a", "b"]);
  const more = afterEvent(joined, event({ case: "participantChanged", value: { participant: participant("c", 0) } }));
  assert.deepEqual(ids(more), ["c", "a", "b"]);
});

test("a change replaces what was known and keeps the place", () => {
  const changed = participant("a", 1);
  changed.sources.push(create(SourceSchema, { id: "a/camera", kind: SourceKind.CAMERA, active: true }));
  const roster = afterEvent(joined, event({ case: "participantChanged", value: { participant: changed } }));
  assert.deepEqual(ids(roster), ["a", "b"]);
  const [first] = roster.participants;
  assert.ok(first !== undefined);
  assert.equal(activeSource(first, SourceKind.CAMERA)?.id, "a/camera");
  assert.equal(activeSource(first, SourceKind.MICROPHONE), undefined);
});

test("the meeting's start is told by this computer's clock, whatever the appliance's says", () => {
  assert.equal(startTimeOf(answer, 50_000), 49_000);
  const early = create(JoinedSchema, { ...answer, meetingStartTimeMs: 9000n });
  assert.equal(startTimeOf(early, 50_000), 50_000);
});

test("who leaves is gone, and no longer speaks", () => {
  const speaking = afterEvent(joined, event({ case: "speakersChanged", value: { participantIds: ["a", "b"] } }));
  const roster = afterEvent(speaking, event({ case: "participantLeft", value: { participantId: "a" } }));
  assert.deepEqual(ids(roster), ["b"]);
  assert.deepEqual(roster.speakerIds, ["b"]);
});

test("changed slots replace those of the same mid only", () => {
  const first = afterEvent(joined, event({ case: "slotsChanged", value: { slots: [{ mid: "7", sourceId: "a/camera" }] } }));
  const second = afterEvent(first, event({ case: "slotsChanged", value: { slots: [{ mid: "7", sourceId: "" }] } }));
  assert.equal(first.slots.get("7")?.sourceId, "a/camera");
  assert.equal(second.slots.get("7")?.sourceId, "");
  assert.ok(second.slots.get("4")?.audio);
  assert.equal(withSlots(second, []).slots.size, 2);
});

test("how good a connection is changes with its event, and nothing else of the person", () => {
  const quality = { level: QualityLevel.POOR, reason: QualityReason.LOSS, cameraPaused: true };
  const roster = afterEvent(joined, event({ case: "qualityChanged", value: { participantId: "a", quality } }));
  const [first, second] = roster.participants;
  assert.equal(first?.quality?.level, QualityLevel.POOR);
  assert.deepEqual({ ...first, quality: undefined }, { ...joined.participants[0], quality: undefined });
  assert.equal(second, joined.participants[1]);
  assert.equal(afterEvent(joined, event({ case: "qualityChanged", value: { participantId: "gone", quality } })), joined);
});

test("an event about something else changes nothing", () => {
  assert.equal(afterEvent(joined, event({ case: "mediaLost", value: {} })), joined);
});

test("hands of an end-to-end room are those that its people have told of, whatever the appliance says", () => {
  const told = [participant("a", 1), { ...participant("b", 2), handRaiseTime: create(TimestampSchema, { seconds: 1n }) }, participant("c", 3)];
  const roster = rosterFrom(create(JoinedSchema, { participants: told }), 0);
  const raised = (hands: readonly (readonly [string, number])[]): string[] =>
    raisedHands(withHands(roster, new Map(hands)).participants).map(({ id }) => id);
  assert.deepEqual(raised([]), []);
  assert.deepEqual(raised([["a", 1500], ["c", 1499], ["gone", 1]]), ["c", "a"]);
});
