import type { ReadonlySignal } from "@preact/signals";

import type { ServerMessage } from "../../gen/conclave/v1/signalling_pb.js";
import type { Request } from "../../protocol/connection.ts";
import type { Clock } from "../../protocol/ports.ts";
import type { Roster } from "../../protocol/roster.ts";
import { ContentChannel } from "./channel.ts";
import { Chat } from "./chat.ts";
import { Polls } from "./polls.ts";
import { Files } from "./files/files.ts";
import { Hands } from "./hands.ts";
import type { ContentProtection } from "./ports.ts";
import { Reactions } from "./reactions.ts";
import { returnKeyFor } from "./returnkey.ts";
import { Seal } from "./seal.ts";

/** What people share beside sound and pictures. */
export class Content {
  readonly chat: Chat;
  readonly reactions: Reactions;
  readonly hands: Hands;
  readonly polls: Polls;
  readonly files: Files;
  readonly #channel: ContentChannel;

  constructor(request: Request, clock: Clock, protection: ContentProtection, roster: ReadonlySignal<Roster | undefined>) {
    this.#channel = new ContentChannel(request, clock, new Seal(protection));
    this.chat = new Chat(this.#channel);
    this.reactions = new Reactions(this.#channel, clock);
    this.hands = new Hands(this.#channel, request, clock, roster);
    this.polls = new Polls(this.#channel);
    this.files = new Files(this.#channel, request, clock);
  }

  /** The client is in the meeting; isNew: it is another one than before, or the first. */
  entered(roomName: string, isNew: boolean): void {
    if (isNew) this.#channel.forget();
    void this.#channel.entered(returnKeyFor(roomName));
  }

  event(body: ServerMessage["body"]): void {
    this.#channel.event(body);
  }

  /** The person has left: what is under way ends. */
  close(): void {
    this.files.close();
  }
}
