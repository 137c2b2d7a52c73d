import { Context } from "../../crypto/keys/kid.ts";
import type { Announced } from "../../crypto/frames/open.ts";
import { SourceKind } from "../../gen/conclave/v1/meetings_pb.js";
import type { Roster } from "../../protocol/roster.ts";

const CONTEXTS: ReadonlyMap<SourceKind, Context> = new Map([
  [SourceKind.MICROPHONE, Context.MICROPHONE],
  [SourceKind.CAMERA, Context.CAMERA],
  [SourceKind.SCREEN, Context.SCREEN],
  [SourceKind.SCREEN_AUDIO, Context.SCREEN_AUDIO],
]);

export function contextOf(kind: SourceKind): Context {
  const context = CONTEXTS.get(kind);
  if (context === undefined) throw new RangeError(`sources of kind ${kind} are not sent`);
  return context;
}

/** Whose frames each slot shall play, by mid: what the appliance has announced, and the frames have to prove. */
export function announcedBy(roster: Roster): Map<string, Announced> {
  const sources = new Map<string, Announced>();
  for (const { id: participantId, sources: sent } of roster.participants) {
    for (const { id, kind } of sent) {
      const context = CONTEXTS.get(kind);
      if (context !== undefined) sources.set(id, { participantId, context });
    }
  }
  const announced = new Map<string, Announced>();
  for (const { mid, sourceId } of roster.slots.values()) {
    const source = sources.get(sourceId);
    if (source !== undefined) announced.set(mid, source);
  }
  return announced;
}
