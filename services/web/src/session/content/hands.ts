import { signal, type ReadonlySignal } from "@preact/signals";

import { ContentKind, HandAct, type Hand } from "../../gen/conclave/v1/content_pb.js";
import { Role } from "../../gen/conclave/v1/rooms_pb.js";
import { newContentId } from "../../protocol/contentid.ts";
import type { Request } from "../../protocol/connection.ts";
import type { Clock } from "../../protocol/ports.ts";
import { participantOf, type Roster } from "../../protocol/roster.ts";
import { ignoreFailure, type ContentChannel, type ContentReader, type Received } from "./channel.ts";

/** How long questions are gathered before a hand is said again: one answer serves all who asked. */
export const ANSWER_MS = 1000;
/** How long a hand that was up before the connection was lost stays up without being said again. */
export const CONFIRM_HANDS_MS = 5000;

/**
 * Who wants to speak. In a managed room the appliance keeps that. In an end-to-end room it never learns of it: the clients
 * tell each other, and each says its own again for those who come later.
 */
export class Hands implements ContentReader {
  /** In an end-to-end room: by participant id, since when a hand is up, in the order of the appliance's clock. */
  readonly raised = signal<ReadonlyMap<string, number>>(new Map());
  readonly #channel: ContentChannel;
  readonly #request: Request;
  readonly #clock: Clock;
  readonly #roster: ReadonlySignal<Roster | undefined>;
  /** When something was last said about each hand: what opens late is older, and says nothing any more. */
  readonly #heard = new Map<string, number>();
  /** Hands that were up before the connection was lost, and not said again since. */
  #unconfirmed = new Set<string>();
  #stopWaiting: () => void = () => undefined;
  #willAnswer = false;
  #isAsking = false;
  #last: Promise<void> = Promise.resolve();

  constructor(channel: ContentChannel, request: Request, clock: Clock, roster: ReadonlySignal<Roster | undefined>) {
    this.#channel = channel;
    this.#request = request;
    this.#clock = clock;
    this.#roster = roster;
    channel.addReader(this);
  }

  /** Raises or lowers the person's own hand. Rejects as ContentChannel.share does. */
  async set(raised: boolean): Promise<void> {
    if (!this.#channel.isSealed) {
      await this.#request({ case: "setHand", value: { raised } });
      return;
    }
    await this.#turn(async () => {
      await this.#say(raised ? HandAct.RAISED : HandAct.LOWERED, this.#selfId);
      // At once, lest an answer that waits says that it is up.
      if (!raised) this.#lowered(this.#selfId);
    });
  }

  /** Lowers somebody's hand, as a host. Rejects as ContentChannel.share does. */
  async lower(participantId: string): Promise<void> {
    if (this.#channel.isSealed) await this.#say(HandAct.LOWERED, participantId);
    else await this.#request({ case: "lowerHand", value: { participantId } });
  }

  received({ record, content }: Received): void {
    if (record.kind !== ContentKind.HAND || content.case !== "hand") return;
    const timeMs = Number(record.createTimeMs);
    if (content.value.act === HandAct.ASKED) {
      if (!record.own) this.#answerSoon();
    } else if (this.#mayBeSaid(content.value, record.senderParticipantId)) {
      this.#hear(content.value, timeMs);
    }
  }

  /** The client is in the meeting, or back in it: it does not know what was said meanwhile. */
  entered(): void {
    if (this.#channel.isSealed) void this.#ask();
  }

  forget(): void {
    this.raised.value = new Map();
    this.#heard.clear();
    this.#unconfirmed.clear();
  }

  get #selfId(): string {
    return this.#roster.peek()?.selfId ?? "";
  }

  /** Everybody speaks of their own hand; hosts lower others'. */
  #mayBeSaid({ act, participantId }: Hand, senderId: string): boolean {
    if (act !== HandAct.RAISED && act !== HandAct.LOWERED) return false;
    return participantId === senderId || (act === HandAct.LOWERED && this.#isHost(senderId));
  }

  #isHost(id: string): boolean {
    const roster = this.#roster.peek();
    return roster !== undefined && participantOf(roster, id)?.role === Role.HOST;
  }

  #hear({ act, participantId, raiseTimeMs = 0n }: Hand, timeMs: number): void {
    if (timeMs < (this.#heard.get(participantId) ?? 0)) return;
    this.#heard.set(participantId, timeMs);
    this.#unconfirmed.delete(participantId);
    if (act === HandAct.LOWERED) this.#lowered(participantId);
    else if (!this.raised.peek().has(participantId)) {
      const sinceMs = raiseTimeMs === 0n ? timeMs : Math.min(Number(raiseTimeMs), timeMs);
      this.raised.value = new Map([...this.raised.peek(), [participantId, sinceMs]]);
    }
  }

  #lowered(participantId: string): void {
    if (!this.raised.peek().has(participantId)) return;
    this.raised.value = new Map([...this.raised.peek()].filter(([id]) => id !== participantId));
  }

  async #ask(): Promise<void> {
    this.#stopWaiting();
    this.#unconfirmed = new Set([...this.raised.peek().keys()].filter((id) => id !== this.#selfId));
    // A question that still waits for keys asks for this time too.
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await this.#say(HandAct.ASKED, this.#selfId);
      this.#stopWaiting = this.#clock.after(CONFIRM_HANDS_MS, () => this.#unconfirmed.forEach((id) => this.#lowered(id)));
      this.#answerSoon();
    } catch (error) {
      ignoreFailure(error); // Whoever is lost comes back, and asks again.
    } finally {
      this.#isAsking = false;
    }
  }

  /** Says soon that the client's own hand is up, if it is. */
  #answerSoon(): void {
    if (this.#willAnswer) return;
    this.#willAnswer = true;
    this.#clock.after(ANSWER_MS, () => {
      this.#willAnswer = false;
      this.#turn(async () => {
        const sinceMs = this.raised.peek().get(this.#selfId);
        if (sinceMs !== undefined) await this.#say(HandAct.RAISED, this.#selfId, sinceMs);
      }).catch(ignoreFailure); // Asked for again by whoever still does not know.
    });
  }

  async #say(act: HandAct, participantId: string, sinceMs = 0): Promise<void> {
    const content = { case: "hand", value: { act, participantId, raiseTimeMs: BigInt(sinceMs) } } as const;
    await this.#channel.share({ kind: ContentKind.HAND, id: newContentId(), revision: 1, content, recipientId: "" });
  }

  /** What the client says of its own hand goes out in the order in which it is said. */
  async #turn(task: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => undefined);
    await turn;
  }
}
