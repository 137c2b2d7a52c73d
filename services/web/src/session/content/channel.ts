import type { MessageInitShape } from "@bufbuild/protobuf";

import type { ContentObjectSchema, ContentRecord } from "../../gen/conclave/v1/content_pb.js";
import type { ServerMessage } from "../../gen/conclave/v1/signalling_pb.js";
import type { Request } from "../../protocol/connection.ts";
import { ConnectionLost, SignallingError } from "../../protocol/errors.ts";
import type { Clock } from "../../protocol/ports.ts";
import { DATA_CLASSES, type SharedKind } from "./kinds.ts";
import { isLiftable, type OpenedRecord, type Seal } from "./seal.ts";

/** How long what has arrived is gathered before it is confirmed: one confirmation stands for all. */
export const CONFIRM_MS = 1000;
/** So many objects that cannot be opened now are tried again when the keys change. */
const MOST_UNOPENED = 1000;

/** An object that the person wants to share. */
export interface Shared {
  readonly kind: SharedKind;
  readonly id: string;
  readonly revision: number;
  readonly content: NonNullable<MessageInitShape<typeof ContentObjectSchema>["content"]>;
  /** The one participant it is for, by id; empty for everybody. */
  readonly recipientId: string;
  /** The object that it belongs to; absent for none. */
  readonly parentId?: string;
  /** Whether neither it nor what belongs to it may change any more. */
  readonly closed?: boolean;
  /** The uploads that it names. */
  readonly fileIds?: readonly string[];
}

/**
 * An object that came. Read what it holds from `content`, never from the record; it has no case if the object was taken
 * back, or if `refusal` says why it is not shown. One that could not be opened may come again, opened.
 */
export interface Received extends OpenedRecord {
  /** Whether it was shared just now, or read from what was missed. */
  readonly isLive: boolean;
}

/** Somebody who takes the objects of a kind. */
export interface ContentReader {
  /** An object came, changed or was taken back; of any kind. */
  received(object: Received): void;
  /** An object of the client's own has reached everybody. */
  delivered?(id: string): void;
  /** The client is in the meeting, or back in it. caughtUp: it has read all that it had missed. */
  entered?(caughtUp: boolean): void;
  /** A new meeting knows nothing of the one before. */
  forget?(): void;
}

/**
 * The one way by which objects go out and come in. Whoever shares or reads them sees them as they are, whatever protects
 * the room.
 */
export class ContentChannel {
  readonly #request: Request;
  readonly #clock: Clock;
  readonly #seal: Seal;
  readonly #readers: ContentReader[] = [];
  /** The latest change that is known, and the one up to which nothing is missing. */
  #latest = 0n;
  #complete = 0n;
  #confirmed = 0n;
  #isReading = false;
  #willConfirm = false;
  #last: Promise<void> = Promise.resolve();
  /** By id: what could not be opened when it came. */
  readonly #unopened = new Map<string, { readonly record: ContentRecord; readonly isLive: boolean }>();

  constructor(request: Request, clock: Clock, seal: Seal) {
    this.#request = request;
    this.#clock = clock;
    this.#seal = seal;
    seal.status.subscribe((status) => {
      if (status.name === "ready") this.#openAgain();
    });
  }

  /** Whether objects go out sealed, as in an end-to-end room. */
  get isSealed(): boolean {
    return this.#seal.isOn;
  }

  addReader(reader: ContentReader): void {
    this.#readers.push(reader);
  }

  /**
   * Shares an object or a revision of one; in an end-to-end room it waits for keys. Rejects with RecipientMissing if the
   * one it is for has none, with SignallingError where the appliance refuses it, with ConnectionLost where it did not
   * answer: the same id and revision may be shared again then, and nothing is doubled.
   */
  async share({ content, recipientId, fileIds = [], ...label }: Shared): Promise<void> {
    const clear = { ...label, dataClass: DATA_CLASSES[label.kind], content };
    const body = this.#seal.isOn
      ? ({ case: "sealed", value: await this.#seal.seal(clear, recipientId) } as const)
      : ({ case: "clear", value: clear } as const);
    const value = { ...label, recipientParticipantId: recipientId, fileIds: [...fileIds], body };
    await this.#request({ case: "sendContent", value });
  }

  /** Takes an object back. Rejects as share does. */
  async delete(id: string): Promise<void> {
    await this.#request({ case: "deleteContent", value: { id } });
  }

  /** The client is in the meeting, or back in it: reads what it has missed. */
  async entered(returnKey: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#confirmed = 0n;
    this.#isReading = true;
    let caughtUp = false;
    try {
      await this.#read(returnKey);
      this.#isReading = false;
      this.#complete = this.#latest;
      this.#confirmSoon();
      caughtUp = true;
    } catch (error) {
      ignoreFailure(error); // Whoever is lost comes back, and asks again.
    }
    await this.#tell((reader) => reader.entered?.(caughtUp));
  }

  forget(): void {
    this.#latest = this.#complete = 0n;
    this.#unopened.clear();
    void this.#tell((reader) => reader.forget?.());
  }

  event(body: ServerMessage["body"]): void {
    if (body.case === "contentDelivered") void this.#tell((reader) => reader.delivered?.(body.value.id));
    if (body.case !== "contentAdded" || body.value.record === undefined) return;
    const { record } = body.value;
    void this.#take(record, true);
    // While a page is on its way, what lies before this object may still be missing.
    if (!this.#isReading) this.#complete = this.#latest;
    if (!record.own && record.sequence > 0n) this.#confirmSoon();
  }

  async #read(returnKey: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let more = true; more; ) {
      const request = { case: "readContent", value: { afterSequence: this.#complete, returnKey } } as const;
      const answer = await this.#request(request);
      if (answer.case !== "contentPage") return;
      const { records } = answer.value;
      for (const record of records) await this.#take(record, false);
      this.#complete = records.at(-1)?.sequence ?? this.#complete;
      more = answer.value.more && records.length > 0;
    }
  }

  async #take(record: ContentRecord, isLive: boolean): Promise<void> {
    if (record.sequence > this.#latest) this.#latest = record.sequence;
    this.#unopened.delete(record.id);
    await this.#open(record, isLive);
  }

  async #open(record: ContentRecord, isLive: boolean): Promise<void> {
    await this.#turn(async () => {
      const opened = await this.#seal.open(record);
      if (isLiftable(opened.refusal)) this.#keepUnopened(record, isLive);
      for (const reader of this.#readers) reader.received({ ...opened, isLive });
    });
  }

  #keepUnopened(record: ContentRecord, isLive: boolean): void {
    this.#unopened.set(record.id, { record, isLive });
    const [oldest] = this.#unopened.keys();
    if (this.#unopened.size > MOST_UNOPENED && oldest !== undefined) this.#unopened.delete(oldest);
  }

  #openAgain(): void {
    const again = [...this.#unopened.values()];
    this.#unopened.clear();
    for (const { record, isLive } of again) void this.#open(record, isLive);
  }

  async #tell(what: (reader: ContentReader) => void): Promise<void> {
    await this.#turn(async () => this.#readers.forEach(what));
  }

  /** Everything happens in the order in which it came. */
  async #turn(task: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(task);
    // Whoever waits for this one sees it fail; what comes after it is read all the same.
    this.#last = turn.catch(() => undefined);
    await turn;
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

/** Lets pass what becomes of a request that the appliance refused or that was lost on the way. */
export function ignoreFailure(error: unknown): asserts error is Error {
  if (!(error instanceof SignallingError || error instanceof ConnectionLost)) throw error;
}
