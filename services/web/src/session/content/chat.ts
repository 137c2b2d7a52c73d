import { computed, signal } from "@preact/signals";

import { ContentKind } from "../../gen/conclave/v1/content_pb.js";
import { newContentId } from "../../protocol/contentid.ts";
import { ConnectionLost, SignallingError } from "../../protocol/errors.ts";
import { ignoreFailure, type ContentChannel, type ContentReader, type Received, type Shared } from "./channel.ts";
import { entryFrom, withDelivered, withEntry, type ChatEntry, type ChatLog } from "./chatlog.ts";
import { RecipientMissing } from "./seal.ts";

export const MAX_LINE = 4000;

/** The one person whom a line is for. */
export interface Addressee {
  readonly id: string;
  readonly name: string;
}

/** A line on its way, or one that did not get there. */
export interface Outgoing {
  readonly id: string;
  readonly revision: number;
  readonly text: string;
  readonly addressee: Addressee | undefined;
  /** Why it did not get there; undefined while it is on its way. */
  readonly refusal: SignallingError | RecipientMissing | undefined;
}

/** What is written in a meeting: lines that came, lines on their way, and what is being typed. */
export class Chat implements ContentReader {
  readonly log = signal<ChatLog>([]);
  /** Oldest first; a revision of a line that is in the log has its id. */
  readonly outgoing = signal<readonly Outgoing[]>([]);
  /** The last line that somebody else said while the person was here. */
  readonly heard = signal<ChatEntry | undefined>(undefined);
  /** What is being typed, and for whom. */
  readonly draft = signal("");
  readonly addressee = signal<Addressee | undefined>(undefined);
  /** The line that is being changed, with what is typed instead. */
  readonly editing = signal<{ readonly entry: ChatEntry; readonly text: string } | undefined>(undefined);
  /** Why a line could not be deleted. */
  readonly problem = signal<Error | undefined>(undefined);
  readonly #seen = signal(0n);
  /** How many lines of others the person has not looked at. */
  readonly unread = computed(
    () => this.log.value.filter((each) => !each.own && isReadable(each) && each.firstSequence > this.#seen.value).length,
  );

  readonly #channel: ContentChannel;
  #isSending = false;
  #hasHistory = false;

  constructor(channel: ContentChannel) {
    this.#channel = channel;
    channel.addReader(this);
  }

  /** A line came, changed, or was deleted. */
  received(object: Received): void {
    const entry = entryFrom(object);
    if (entry === undefined) return;
    const known = this.log.peek().find((each) => each.id === entry.id);
    this.log.value = withEntry(this.log.peek(), entry);
    const isNews = (known === undefined || known.refusal !== undefined) && entry.refusal === undefined;
    if (object.isLive && !entry.own && isNews) this.heard.value = entry;
  }

  delivered(id: string): void {
    this.log.value = withDelivered(this.log.peek(), id);
  }

  /** The client is in the meeting, or back in it: sends what waits. What there was when it came counts as read. */
  entered(caughtUp: boolean): void {
    if (caughtUp && !this.#hasHistory) this.seen();
    this.#hasHistory ||= caughtUp;
    void this.#send();
  }

  forget(): void {
    this.log.value = [];
    this.#seen.value = 0n;
    this.#hasHistory = false;
  }

  /** The person looks at the lines. */
  seen(): void {
    this.#seen.value = this.log.value.at(-1)?.firstSequence ?? 0n;
  }

  /** Sends what is typed, the new line or the changed one. */
  submit(): void {
    const editing = this.editing.peek();
    const text = (editing?.text ?? this.draft.peek()).trim();
    if (text === "" || text.length > MAX_LINE) return;
    if (editing === undefined) {
      this.draft.value = "";
      this.#post({ id: newContentId(), revision: 1, text, addressee: this.addressee.peek(), refusal: undefined });
      return;
    }
    this.editing.value = undefined;
    const { entry } = editing;
    if (text === entry.text) return;
    const { id, recipientId, recipientName } = entry;
    const addressee = recipientId === "" ? undefined : { id: recipientId, name: recipientName };
    this.#post({ id, revision: entry.revision + 1, text, addressee, refusal: undefined });
  }

  /** Sends again what was refused. */
  retry(id: string): void {
    this.outgoing.value = this.outgoing.peek().map((each) => (each.id === id ? { ...each, refusal: undefined } : each));
    void this.#send();
  }

  /** Gives up what was refused. */
  discard(id: string): void {
    this.outgoing.value = this.outgoing.peek().filter((each) => each.id !== id);
  }

  async delete(id: string): Promise<void> {
    try {
      await this.#channel.delete(id);
      this.problem.value = undefined;
    } catch (error) {
      ignoreFailure(error);
      this.problem.value = error;
    }
  }

  #post(line: Outgoing): void {
    this.outgoing.value = [...this.outgoing.peek().filter((each) => each.id !== line.id), line];
    void this.#send();
  }

  /** Sends one after the other, so that lines keep the order in which they were written. */
  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let next = this.#nextOutgoing(); next !== undefined; next = this.#nextOutgoing()) await this.#deliver(next);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      // It stays as it is and goes out when the client is back: the same id again doubles nothing.
    } finally {
      this.#isSending = false;
    }
  }

  #nextOutgoing(): Outgoing | undefined {
    return this.outgoing.peek().find((each) => each.refusal === undefined);
  }

  async #deliver(line: Outgoing): Promise<void> {
    try {
      await this.#channel.share(shared(line));
      this.outgoing.value = this.outgoing.peek().filter((each) => each !== line);
    } catch (error) {
      if (!(error instanceof SignallingError || error instanceof RecipientMissing)) throw error;
      const refused = { ...line, refusal: error };
      this.outgoing.value = this.outgoing.peek().map((each) => (each === line ? refused : each));
    }
  }
}

function shared({ id, revision, text, addressee }: Outgoing): Shared {
  const content = { case: "chat", value: { text } } as const;
  return { kind: ContentKind.CHAT, id, revision, content, recipientId: addressee?.id ?? "" };
}

function isReadable({ text, file }: ChatEntry): boolean {
  return text !== "" || file !== undefined;
}
