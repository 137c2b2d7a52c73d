import { signal } from "@preact/signals";

import { ContentKind, ReactionSign, type ContentRecord } from "../../gen/conclave/v1/content_pb.js";
import { DataClass } from "../../gen/conclave/v1/data_class_pb.js";
import type { Request } from "../../protocol/connection.ts";
import { newContentId } from "../../protocol/contentid.ts";
import { ConnectionLost, SignallingError } from "../../protocol/errors.ts";
import type { Clock } from "../../protocol/ports.ts";

export const SHOWN_MS = 3500;
/** More at once would hide the meeting; the oldest make room. */
export const MOST_SHOWN = 8;

/** A sign that somebody gave a moment ago. */
export interface ShownReaction {
  readonly id: string;
  readonly sign: ReactionSign;
  readonly name: string;
  readonly own: boolean;
}

/** Signs that pass: whoever is there sees them for a moment, and nothing of them is kept. */
export class Reactions {
  /** Those to be seen now, oldest first. */
  readonly shown = signal<readonly ShownReaction[]>([]);
  readonly #request: Request;
  readonly #clock: Clock;

  constructor(request: Request, clock: Clock) {
    this.#request = request;
    this.#clock = clock;
  }

  async send(sign: ReactionSign): Promise<void> {
    const [id, kind, revision] = [newContentId(), ContentKind.REACTION, 1];
    const content = { case: "reaction", value: { sign } } as const;
    const clear = { kind, dataClass: DataClass.ENGAGEMENT, id, revision, content };
    try {
      await this.#request({ case: "sendContent", value: { id, kind, revision, body: { case: "clear", value: clear } } });
    } catch (error) {
      // One's own sign shows when the others see it; one that did not get there is not worth words.
      if (!(error instanceof SignallingError || error instanceof ConnectionLost)) throw error;
    }
  }

  added(record: ContentRecord): void {
    const content = record.body.case === "clear" ? record.body.value.content : undefined;
    if (content?.case !== "reaction") return;
    const { id, own, senderDisplayName: name } = record;
    const reaction: ShownReaction = { id, own, name, sign: content.value.sign };
    this.shown.value = [...this.shown.peek(), reaction].slice(-MOST_SHOWN);
    this.#clock.after(SHOWN_MS, () => {
      this.shown.value = this.shown.peek().filter((each) => each !== reaction);
    });
  }
}
