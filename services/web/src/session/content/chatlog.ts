import { ContentDeletion, ContentKind } from "../../gen/conclave/v1/content_pb.js";
import type { ContentRefusal } from "../../crypto/content/open.ts";
import type { Received } from "./channel.ts";
import { sharedFileFrom, type SharedFile } from "./files/sharedfile.ts";
import { imprintOf, isEarlier, type Imprint } from "./imprint.ts";

/** A line of chat, or a file between the lines, as it is now. */
export interface ChatEntry extends Imprint {
  /** The one person whom it is for; empty for everybody. */
  readonly recipientId: string;
  readonly recipientName: string;
  readonly deletion: ContentDeletion;
  readonly delivered: boolean;
  /** Empty for a file, once it is deleted, and where it cannot be opened. */
  readonly text: string;
  /** Why it cannot be opened. */
  readonly refusal: ContentRefusal | undefined;
  /** Whether it is from before this client had keys: one of those that are counted, and not shown. */
  readonly isEarlier: boolean;
  /** The file that was shared, or that something was that is no file to be read; absent for a line of text. */
  readonly file: SharedFile | "unreadable" | undefined;
}

/** What is known of a meeting's chat, an immutable value, in the order in which it was said. */
export type ChatLog = readonly ChatEntry[];

/** The line that an object tells of; undefined for one of another kind. */
export function entryFrom(object: Received): ChatEntry | undefined {
  const { record, content, refusal } = object;
  if (record.kind !== ContentKind.CHAT && record.kind !== ContentKind.FILE) return undefined;
  const isThere = record.deletion === ContentDeletion.UNSPECIFIED;
  if (isThere && refusal === undefined && content.case !== (record.kind === ContentKind.CHAT ? "chat" : "file")) return undefined;
  return {
    ...imprintOf(object),
    recipientId: record.recipientParticipantId,
    recipientName: record.recipientDisplayName,
    deletion: record.deletion,
    delivered: record.delivered,
    text: content.case === "chat" ? content.value.text : "",
    refusal,
    isEarlier: isEarlier(object),
    file: content.case === "file" ? (sharedFileFrom(content.value) ?? "unreadable") : undefined,
  };
}

/** The log with a line as it is now; the same one when a later state of it is known. */
export function withEntry(log: ChatLog, entry: ChatEntry): ChatLog {
  const known = log.findIndex((each) => each.id === entry.id);
  if (known >= 0) {
    const before = log[known];
    const isOpenedNow = before?.refusal !== undefined && before.sequence === entry.sequence;
    if (before !== undefined && before.sequence >= entry.sequence && !isOpenedNow) return log;
    return log.with(known, entry);
  }
  const later = log.findIndex((each) => each.firstSequence > entry.firstSequence);
  return later < 0 ? [...log, entry] : log.toSpliced(later, 0, entry);
}

/** The log after a line has reached everybody. */
export function withDelivered(log: ChatLog, id: string): ChatLog {
  return log.map((each) => (each.id === id ? { ...each, delivered: true } : each));
}
