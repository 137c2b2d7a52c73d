import { create } from "@bufbuild/protobuf";

import { ParticipantSchema, SourceKind, type Participant } from "../../src/gen/conclave/v1/meetings_pb.js";
import type { Roster } from "../../src/protocol/roster.ts";

/** A person who sends these; the sources are named like "a/camera". */
export function person(id: string, ...kinds: SourceKind[]): Participant {
  const sources = kinds.map((kind) => ({ id: `${id}/${SourceKind[kind].toLowerCase()}`, kind, active: true }));
  return create(ParticipantSchema, { id, displayName: id, sources });
}

/** n people with cameras: p0, p1 and so on. */
export function crowd(n: number): Participant[] {
  return Array.from({ length: n }, (_, index) => person(`p${index}`, SourceKind.CAMERA));
}

/** A meeting of these, seen by whoever is called "me". */
export function roster(...participants: Participant[]): Roster {
  return { selfId: "me", participants, slots: new Map(), speakerIds: [], startTimeMs: 0, locked: false, waiting: [] };
}

export const LAPTOP = { stage: { width: 1280, height: 680 }, window: { width: 1280, height: 800 } };
export const PHONE = { stage: { width: 390, height: 672 }, window: { width: 390, height: 844 } };
