import type { Received } from "./channel.ts";

/** Whose an object is, which one, and since when: what is known of each, whatever it holds. */
export interface Imprint {
  readonly id: string;
  /** The place of its latest change, and that at which it was first shared. */
  readonly sequence: bigint;
  readonly firstSequence: bigint;
  readonly revision: number;
  readonly senderId: string;
  readonly senderName: string;
  readonly own: boolean;
  readonly timeMs: number;
}

export function imprintOf({ record }: Received): Imprint {
  return {
    id: record.id,
    sequence: record.sequence,
    firstSequence: record.firstSequence,
    revision: record.revision,
    senderId: record.senderParticipantId,
    senderName: record.senderDisplayName,
    own: record.own,
    timeMs: Number(record.createTimeMs),
  };
}

/** Whether it is from before this client had keys. */
export function isEarlier({ refusal, isLive }: Received): boolean {
  return !isLive && (refusal === "no-key" || refusal === "other-group");
}
