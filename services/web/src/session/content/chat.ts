import { computed, signal } from "@preact/signals";

import { ContentKind, type ContentPage, type ContentRecord } from "../../gen/conclave/v1/content_pb.js";
import { DataClass } from "../../gen/conclave/v1/data_class_pb.js";
import { entryFrom, withDelivered, withEntry, type ChatEntry, type ChatLog } from "../../protocol/chatlog.ts";
import type { Request, RequestBody } from "../../protocol/connection.ts";
import { newContentId } from "../../protocol/contentid.ts";
import { ConnectionLost, SignallingError } from "../../protocol/errors.ts";
import type { Clock } from "../../protocol/ports.ts";

export const MAX_LINE = 4000;
/** How long what has arrived is gathered before it is confirmed: one confirmation stands for all. */
export const CONFIRM_MS = 1000;

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
  /** Why the appliance did not take it; undefined while it is on its way. */
  readonly refusal: SignallingError | undefined;
}

/** What is written in a meeting: lines that came, lines on their way, and what is being typed. */
export class Chat {
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
    () => this.log.value.filter((each) => !each.own && each.text !== "" && each.firstSequence > this.#seen.value).length,
  );

  readonly #request: Request;
  readonly #clock: Clock;
  /** The place up to which nothing is missing. */
  #complete = 0n;
  #confirmed = 0n;
  #isReading = false;
  #isSending = false;
  #hasHistory = false;
  #willConfirm = false;

  constructor(request: Request, clock: Clock) {
    this.#request = request;
    this.#clock = clock;
  }

  /** The client is in the meeting, or back in it: reads what it has missed, and sends what waits. */
  async entered(returnKey: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#confirmed = 0n;
    this.#isReading = true;
    try {
      for (let more = true; more; ) {
        const request = { case: "readContent", value: { afterSequence: this.#complete, returnKey } } as const;
        const answer = await this.#request(request);
        more = answer.case === "contentPage" && this.#take(answer.value);
      }
      this.#isReading = false;
      if (!this.#hasHistory) this.seen();
      this.#hasHistory = true;
      this.#complete = latestOf(this.log.peek());
      this.#confirmSoon();
    } catch (error) {
      ignoreFailure(error); // Whoever is lost comes back, and asks again.
    }
    await this.#send();
  }

  /** A new meeting knows nothing of the one before. */
  forget(): void {
    this.log.value = [];
    this.#complete = this.#seen.value = 0n;
    this.#hasHistory = false;
  }

  /** A line came, changed, or was deleted. */
  added(record: ContentRecord): void {
    const entry = entryFrom(record);
    if (entry === undefined) return;
    const isNew = this.log.peek().every((each) => each.id !== entry.id);
    this.log.value = withEntry(this.log.peek(), entry);
    // While a page is on its way, what lies before this line may still be missing.
    if (!this.#isReading) this.#complete = latestOf(this.log.peek());
    if (!entry.own && isNew) this.heard.value = entry;
    if (!entry.own) this.#confirmSoon();
  }

  delivered(id: string): void {
    this.log.value = withDelivered(this.log.peek(), id);
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
    this.#post({ id: entry.id, revision: entry.revision + 1, text, addressee: undefined, refusal: undefined });
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
      await this.#request({ case: "deleteContent", value: { id } });
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
      await this.#request(sendRequest(line));
      this.outgoing.value = this.outgoing.peek().filter((each) => each !== line);
    } catch (error) {
      if (!(error instanceof SignallingError)) throw error;
      const refused = { ...line, refusal: error };
      this.outgoing.value = this.outgoing.peek().map((each) => (each === line ? refused : each));
    }
  }

  /** Takes a page; returns whether there are more. */
  #take({ records, more }: ContentPage): boolean {
    for (const record of records) {
      const entry = entryFrom(record);
      if (entry !== undefined) this.log.value = withEntry(this.log.peek(), entry);
    }
    this.#complete = records.at(-1)?.sequence ?? this.#complete;
    return more && records.length > 0;
  }

  #confirmSoon(): void {
    if (this.#willConfirm) return;
    this.#willConfirm = true;
    this.#clock.after(CONFIRM_MS, () => {
      this.#willConfirm = false;
      if (this.#isReading || this.#complete <= this.#confirmed) return;
      this.#confirmed = this.#complete;
      const request = { case: "markDelivered", value: { sequence: this.#confirmed } } as const;
      this.#request(request).catch(ignoreFailure); // Said again after coming back.
    });
  }
}

function latestOf(log: ChatLog): bigint {
  return log.reduce((latest, each) => (each.sequence > latest ? each.sequence : latest), 0n);
}

function sendRequest({ id, revision, text, addressee }: Outgoing): RequestBody {
  const kind = ContentKind.CHAT;
  const content = { case: "chat", value: { text } } as const;
  const clear = { kind, dataClass: DataClass.MESSAGES, id, revision, content };
  const recipientParticipantId = addressee?.id ?? "";
  return { case: "sendContent", value: { id, kind, revision, recipientParticipantId, body: { case: "clear", value: clear } } };
}

/** Lets pass what becomes of a request that the appliance refused or that was lost on the way. */
function ignoreFailure(error: unknown): asserts error is Error {
  if (!(error instanceof SignallingError || error instanceof ConnectionLost)) throw error;
}
