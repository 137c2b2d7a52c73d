import { SourceKind, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import { activeSource } from "../protocol/roster.ts";
import type { News } from "./announcer.ts";

/** What announcements are made of, at one moment of a meeting. */
export interface Situation {
  /** The person is told of others only. */
  readonly selfId: string;
  readonly participants: readonly Participant[];
  /** Whoever waits to be let in, as far as the person may know. */
  readonly waiting: readonly { readonly id: string; readonly displayName: string }[];
  /** Protection and recording, in words. */
  readonly security: string;
  readonly connected: boolean;
}

/** What has happened between two moments. */
export function newsBetween(before: Situation, after: Situation): News[] {
  const news: News[] = [];
  if (before.security !== after.security) news.push({ kind: "security", text: after.security });
  if (before.connected !== after.connected) news.push({ kind: after.connected ? "connectionBack" : "connectionLost" });

  const known = byId(others(before));
  const present = byId(others(after));
  for (const [id, { displayName: name }] of known) if (!present.has(id)) news.push({ kind: "left", name });
  for (const [id, participant] of present) {
    const earlier = known.get(id);
    if (earlier === undefined) news.push({ kind: "joined", name: participant.displayName });
    news.push(...changesOf(earlier, participant));
  }

  const waited = byId(before.waiting);
  const waits = byId(after.waiting);
  for (const [id, { displayName: name }] of waits) if (!waited.has(id)) news.push({ kind: "waits", name });
  for (const [id, { displayName: name }] of waited) if (!waits.has(id)) news.push({ kind: "waitsNoMore", name });
  return news;
}

function changesOf(before: Participant | undefined, after: Participant): News[] {
  const news: News[] = [];
  const name = after.displayName;
  const raised = before?.handRaiseTime !== undefined;
  if (raised !== (after.handRaiseTime !== undefined)) news.push({ kind: raised ? "handLowered" : "handRaised", name });
  const shared = before !== undefined && activeSource(before, SourceKind.SCREEN) !== undefined;
  const shares = activeSource(after, SourceKind.SCREEN) !== undefined;
  if (shared !== shares) news.push({ kind: shares ? "sharingStarted" : "sharingStopped", name });
  return news;
}

/** Somebody who came back as somebody new is still oneself. */
function others({ selfId, participants }: Situation): Participant[] {
  return participants.filter((participant) => participant.id !== selfId);
}

function byId<T extends { readonly id: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.id, item]));
}
