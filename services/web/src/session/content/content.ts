import type { ServerMessage } from "../../gen/conclave/v1/signalling_pb.js";
import type { Request } from "../../protocol/connection.ts";
import type { Clock } from "../../protocol/ports.ts";
import { Chat } from "./chat.ts";
import { Reactions } from "./reactions.ts";
import { returnKeyFor } from "./returnkey.ts";

/** What people share beside sound and pictures. */
export class Content {
  readonly chat: Chat;
  readonly reactions: Reactions;

  constructor(request: Request, clock: Clock) {
    this.chat = new Chat(request, clock);
    this.reactions = new Reactions(request, clock);
  }

  /** The client is in the meeting; isNew: it is another one than before, or the first. */
  entered(roomName: string, isNew: boolean): void {
    if (isNew) this.chat.forget();
    void this.chat.entered(returnKeyFor(roomName));
  }

  event(body: ServerMessage["body"]): void {
    if (body.case === "contentDelivered") this.chat.delivered(body.value.id);
    if (body.case !== "contentAdded" || body.value.record === undefined) return;
    this.chat.added(body.value.record);
    this.reactions.added(body.value.record);
  }
}
