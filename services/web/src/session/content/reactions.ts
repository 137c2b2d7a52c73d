import { signal } from "@preact/signals";

import { ContentKind, type ReactionSign } from "../../gen/conclave/v1/content_pb.js";
import { newContentId } from "../../protocol/contentid.ts";
import type { Clock } from "../../protocol/ports.ts";
import { ignoreFailure, type ContentChannel, type ContentReader, type Received } from "./channel.ts";

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
export class Reactions implements ContentReader {
  /** Those to be seen now, oldest first. */
  readonly shown = signal<readonly ShownReaction[]>([]);
  readonly #channel: ContentChannel;
  readonly #clock: Clock;

  constructor(channel: ContentChannel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
    channel.addReader(this);
  }

  async send(sign: ReactionSign): Promise<void> {
    const content = { case: "reaction", value: { sign } } as const;
    try {
      await this.#channel.share({ kind: ContentKind.REACTION, id: newContentId(), revision: 1, content, recipientId: "" });
    } catch (error) {
      // One's own sign shows when the others see it; one that did not get there is not worth words.
      ignoreFailure(error);
    }
  }

  received({ record, content }: Received): void {
    if (content.case !== "reaction") return;
    const { id, own, senderDisplayName: name } = record;
    const reaction: ShownReaction = { id, own, name, sign: content.value.sign };
    this.shown.value = [...this.shown.peek(), reaction].slice(-MOST_SHOWN);
    this.#clock.after(SHOWN_MS, () => {
      this.shown.value = this.shown.peek().filter((each) => each !== reaction);
    });
  }
}
