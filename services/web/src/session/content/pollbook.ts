import type { ContentRefusal } from "../../crypto/content/open.ts";
import { ContentDeletion, ContentKind } from "../../gen/conclave/v1/content_pb.js";
import type { Received } from "./channel.ts";
import { imprintOf, isEarlier, type Imprint } from "./imprint.ts";

export const MAX_QUESTION = 300;
export const MAX_OPTION = 120;
export const MIN_OPTIONS = 2;
export const MAX_OPTIONS = 10;

/** What a poll asks. */
export interface Question {
  readonly question: string;
  readonly options: readonly string[];
  /** Whether one may choose more than one answer. */
  readonly multiple: boolean;
}

/** A poll as it is now. */
export interface Poll extends Imprint, Question {
  readonly closed: boolean;
}

/** What one person chose, as it is now. */
export interface Vote extends Imprint {
  readonly pollId: string;
  readonly question: string;
  readonly options: readonly string[];
}

/** A poll or a vote that cannot be opened. */
export interface Unreadable extends Imprint {
  /** The poll that a vote belongs to; empty for a poll. */
  readonly pollId: string;
  readonly refusal: ContentRefusal;
  /** Whether it is from before this client had keys. */
  readonly isEarlier: boolean;
}

/** What came of one answer. */
export interface Count {
  readonly option: string;
  readonly voters: readonly Vote[];
  /** Of those who voted, in whole hundredths. */
  readonly percent: number;
}

/** Words as everybody has them: a vote is compared with its poll letter by letter. */
export function tidied(text: string): string {
  return text.normalize("NFC").trim();
}

/** Whether a poll can be asked. */
export function isQuestion({ question, options }: Question): boolean {
  const fits = (text: string, maximum: number): boolean => text !== "" && [...text].length <= maximum;
  return (
    fits(question, MAX_QUESTION) &&
    options.length >= MIN_OPTIONS &&
    options.length <= MAX_OPTIONS &&
    options.every((option) => fits(option, MAX_OPTION)) &&
    new Set(options).size === options.length
  );
}

/** The poll that an object tells of; undefined for another kind, one that was taken back, or one that makes no sense. */
export function pollFrom(object: Received): Poll | undefined {
  const { record, content } = object;
  if (record.kind !== ContentKind.POLL || content.case !== "poll") return undefined;
  const { question, options, multiple } = content.value;
  if (!isQuestion({ question, options, multiple })) return undefined;
  return { ...imprintOf(object), closed: record.closed, question, options, multiple };
}

/** The vote that an object tells of; undefined for another kind or one that went with its poll. */
export function voteFrom(object: Received): Vote | undefined {
  const { record, content } = object;
  if (record.kind !== ContentKind.POLL_VOTE || record.deletion !== ContentDeletion.UNSPECIFIED) return undefined;
  if (content.case !== "pollVote") return undefined;
  const { question, options } = content.value;
  return { ...imprintOf(object), pollId: record.parentId, question, options };
}

/** What an object tells of that is a poll or a vote and cannot be opened; undefined for anything else. */
export function unreadableFrom(object: Received): Unreadable | undefined {
  const { record, refusal } = object;
  if (refusal === undefined || (record.kind !== ContentKind.POLL && record.kind !== ContentKind.POLL_VOTE)) return undefined;
  return { ...imprintOf(object), pollId: record.parentId, refusal, isEarlier: isEarlier(object) };
}

/** How many votes would count if they could be opened. */
export function uncountedVotes(poll: Poll, unreadable: readonly Unreadable[]): number {
  return unreadable.filter(({ pollId, sequence }) => pollId === poll.id && isInTime(poll, sequence)).length;
}

/** The votes that count: the latest of each person, in the poll's own words, from before it was closed. */
export function countedVotes(poll: Poll, votes: readonly Vote[]): Vote[] {
  const latest = new Map<string, Vote>();
  for (const vote of votes) {
    const other = latest.get(vote.senderId);
    if (counts(poll, vote) && (other === undefined || other.sequence < vote.sequence)) latest.set(vote.senderId, vote);
  }
  return [...latest.values()];
}

/** What came of each answer, in the poll's order. */
export function resultOf(poll: Poll, votes: readonly Vote[]): Count[] {
  const counted = countedVotes(poll, votes);
  return poll.options.map((option) => {
    const voters = counted.filter((vote) => vote.options.includes(option));
    return { option, voters, percent: Math.round((100 * voters.length) / Math.max(1, counted.length)) };
  });
}

function counts(poll: Poll, { pollId, question, options, sequence }: Vote): boolean {
  return (
    pollId === poll.id &&
    question === poll.question &&
    (poll.multiple ? options.length >= 1 : options.length === 1) &&
    new Set(options).size === options.length &&
    options.every((option) => poll.options.includes(option)) &&
    isInTime(poll, sequence)
  );
}

function isInTime(poll: Poll, sequence: bigint): boolean {
  return !poll.closed || sequence < poll.sequence;
}
