import { computed, signal } from "@preact/signals";

import { ContentDeletion, ContentKind } from "../../gen/conclave/v1/content_pb.js";
import { newContentId } from "../../protocol/contentid.ts";
import { ignoreFailure, type ContentChannel, type ContentReader, type Received, type Shared } from "./channel.ts";
import { isQuestion, pollFrom, tidied, unreadableFrom, voteFrom, type Poll, type Question, type Unreadable, type Vote } from "./pollbook.ts";

/** A poll that is being written. */
export interface PollDraft extends Question {
  /** The id under which it is asked, however often that is tried. */
  readonly id: string;
}

/** Something that somebody else has just done to a poll. */
export interface PollNews {
  readonly kind: "asked" | "closed";
  readonly name: string;
}

/** Questions to whoever is there, and what everybody chose: each client counts for itself. */
export class Polls implements ContentReader {
  /** In the order in which they were asked. */
  readonly all = signal<readonly Poll[]>([]);
  readonly votes = signal<readonly Vote[]>([]);
  /** Polls and votes that came and cannot be opened. */
  readonly unreadable = signal<readonly Unreadable[]>([]);
  readonly draft = signal<PollDraft | undefined>(undefined);
  readonly news = signal<PollNews | undefined>(undefined);
  /** The poll with which something could not be done, and why. */
  readonly problem = signal<{ readonly pollId: string; readonly error: Error } | undefined>(undefined);
  /** The polls, by id, with which something is on its way; in an end-to-end room it may wait for keys. */
  readonly busy = signal<ReadonlySet<string>>(new Set());
  readonly #seen = signal(0n);
  /** How many polls of others the person has not looked at. */
  readonly unread = computed(
    () => this.all.value.filter((poll) => !poll.own && poll.firstSequence > this.#seen.value).length,
  );
  readonly #channel: ContentChannel;
  #hasHistory = false;

  constructor(channel: ContentChannel) {
    this.#channel = channel;
    channel.addReader(this);
  }

  received(object: Received): void {
    const { record, isLive } = object;
    if (record.kind === ContentKind.POLL && record.deletion !== ContentDeletion.UNSPECIFIED) this.#drop(record.id);
    this.#judge(object);
    const poll = pollFrom(object);
    if (poll !== undefined) this.#know(poll, isLive);
    const vote = voteFrom(object);
    if (vote !== undefined) this.votes.value = withLatest(this.votes.peek(), vote);
  }

  /** What there was when the client came counts as looked at. */
  entered(caughtUp: boolean): void {
    if (caughtUp && !this.#hasHistory) this.seen();
    this.#hasHistory ||= caughtUp;
  }

  forget(): void {
    this.all.value = [];
    this.votes.value = [];
    this.unreadable.value = [];
    this.problem.value = undefined;
    this.#seen.value = 0n;
    this.#hasHistory = false;
  }

  /** The person looks at the polls. */
  seen(): void {
    this.#seen.value = this.all.value.at(-1)?.firstSequence ?? 0n;
  }

  /** Begins to write a poll, or goes on. */
  write(): void {
    this.draft.value ??= { id: newContentId(), question: "", options: ["", ""], multiple: false };
  }

  /** The poll that is being written, as it would be asked; undefined as long as it makes none. */
  readonly ready = computed<Question | undefined>(() => {
    if (this.draft.value === undefined) return undefined;
    const { question, options, multiple } = this.draft.value;
    const filled = options.map(tidied).filter((option) => option !== "");
    const ready = { question: tidied(question), options: filled, multiple };
    return isQuestion(ready) ? ready : undefined;
  });

  /** Asks what was written. */
  async ask(): Promise<void> {
    const [draft, ready] = [this.draft.peek(), this.ready.peek()];
    if (draft === undefined || ready === undefined) return;
    const asked = await this.#attempt(draft.id, () => this.#channel.share(shared(draft.id, 1, ready, false)));
    if (asked && this.draft.peek()?.id === draft.id) this.draft.value = undefined;
  }

  /** Votes, or votes otherwise than before. Returns whether it worked. */
  async vote({ id: parentId, question }: Poll, options: readonly string[]): Promise<boolean> {
    const before = this.votes.peek().find((vote) => vote.own && vote.pollId === parentId);
    const [id, revision] = [before?.id ?? newContentId(), (before?.revision ?? 0) + 1];
    const content = { case: "pollVote" as const, value: { question, options: [...options] } };
    return await this.#attempt(parentId, () =>
      this.#channel.share({ kind: ContentKind.POLL_VOTE, id, revision, content, recipientId: "", parentId }),
    );
  }

  /** Ends one's own poll: what has been chosen by now stays. */
  async close(poll: Poll): Promise<void> {
    await this.#attempt(poll.id, () => this.#channel.share(shared(poll.id, poll.revision + 1, poll, true)));
  }

  async delete({ id }: Poll): Promise<void> {
    await this.#attempt(id, () => this.#channel.delete(id));
  }

  /** Returns whether it worked. */
  async #attempt(pollId: string, what: () => Promise<void>): Promise<boolean> {
    if (this.busy.peek().has(pollId)) return false;
    this.busy.value = new Set([...this.busy.peek(), pollId]);
    this.problem.value = undefined;
    try {
      await what();
      return true;
    } catch (error) {
      ignoreFailure(error);
      this.problem.value = { pollId, error };
      return false;
    } finally {
      this.busy.value = new Set([...this.busy.peek()].filter((id) => id !== pollId));
    }
  }

  /** Takes note of what cannot be opened: a vote in the place of another makes that one count no more. */
  #judge(object: Received): void {
    const { record } = object;
    const others = this.unreadable.peek().filter((each) => each.id !== record.id);
    const unreadable = unreadableFrom(object);
    if (unreadable === undefined && others.length === this.unreadable.peek().length) return;
    this.unreadable.value = unreadable === undefined ? others : [...others, unreadable];
    if (unreadable === undefined) return;
    const isReplaced = (vote: Vote): boolean => vote.id === record.id && vote.sequence < record.sequence;
    this.votes.value = this.votes.peek().filter((vote) => !isReplaced(vote));
  }

  #know(poll: Poll, isLive: boolean): void {
    const known = this.all.peek().find((each) => each.id === poll.id);
    const all = withLatest(this.all.peek(), poll);
    this.all.value = all.toSorted((one, other) => Number(one.firstSequence - other.firstSequence));
    if (!isLive || poll.own) return;
    if (known === undefined) this.news.value = { kind: "asked", name: poll.senderName };
    else if (poll.closed && !known.closed) this.news.value = { kind: "closed", name: poll.senderName };
  }

  #drop(id: string): void {
    this.all.value = this.all.peek().filter((poll) => poll.id !== id);
    this.votes.value = this.votes.peek().filter((vote) => vote.pollId !== id);
    this.unreadable.value = this.unreadable.peek().filter((each) => each.id !== id && each.pollId !== id);
  }
}

/** The list with an object as it is now; the same when a later state of it is known. */
function withLatest<T extends { readonly id: string; readonly sequence: bigint }>(list: readonly T[], now: T): readonly T[] {
  const known = list.findIndex((each) => each.id === now.id);
  if (known < 0) return [...list, now];
  return (list[known]?.sequence ?? 0n) >= now.sequence ? list : list.with(known, now);
}

function shared(id: string, revision: number, { question, options, multiple }: Question, closed: boolean): Shared {
  const content = { case: "poll" as const, value: { question, options: [...options], multiple } };
  return { kind: ContentKind.POLL, id, revision, content, recipientId: "", closed };
}
