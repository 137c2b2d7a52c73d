import { timestampMs } from "@bufbuild/protobuf/wkt";
import { signal, type ReadonlySignal } from "@preact/signals";

import { ContentKind, HandAct, type Hand } from "../../gen/conclave/v1/content_pb.js";
import { Role } from "../../gen/conclave/v1/rooms_pb.js";
import { newContentId } from "../../protocol/contentid.ts";
import type { Request } from "../../protocol/connection.ts";
import type { Clock } from "../../protocol/ports.ts";
import { participantOf, type Roster } from "../../protocol/roster.ts";
import { ignoreFailure, type ContentChannel, type ContentReader, type Received } from "./channel.ts";

/** How long questions are gathered before they are answered, by everybody to everybody: one answer serves all who asked. */
export const ANSWER_MS = 2000;
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
  /** When each hand was last said to be down, by the appliance's clock: it was not up before. */
  readonly #down = new Map<string, number>();
  /** Hands that were up before the connection was lost, and not said again since. */
  #unconfirmed = new Set<string>();
  #stopWaiting: () => void = () => undefined;
  #willAnswer = false;
  #isAsking = false;
  /** Whether the own hand goes up, and the appliance has not told yet when. */
  #isRising = false;
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
      // At once, lest an answer that waits says the contrary.
      this.#isRising = raised;
      try {
        await this.#say(raised ? HandAct.RAISED : HandAct.LOWERED, this.#selfId);
      } catch (error) {
        this.#isRising = false;
        throw error;
      }
      if (!raised) this.#lowered(this.#selfId);
    });
  }

  /** Lowers somebody's hand, as a host. Rejects as ContentChannel.share does. */
  async lower(participantId: string): Promise<void> {
    if (this.#channel.isSealed) await this.#turn(() => this.#say(HandAct.LOWERED, participantId));
    else await this.#request({ case: "lowerHand", value: { participantId } });
  }

  received({ record, content }: Received): void {
    if (record.kind !== ContentKind.HAND || content.case !== "hand") return;
    const timeMs = Number(record.createTimeMs);
    if (content.value.act === HandAct.ASKED) {
      if (!record.own) this.#answerSoon();
    } else if (this.#mayBeSaid(content.value, record.senderParticipantId)) {
      const isOwnHand = content.value.participantId === this.#selfId;
      if (isOwnHand && (content.value.act === HandAct.RAISED || !record.own)) this.#isRising = false;
      this.#hear(content.value, timeMs);
    }
  }

  /** The client is in the meeting, or back in it: it does not know what was said meanwhile. */
  entered(): void {
    if (this.#channel.isSealed) void this.#ask();
  }

  forget(): void {
    this.raised.value = new Map();
    this.#down.clear();
    this.#isRising = false;
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
    this.#unconfirmed.delete(participantId);
    if (act === HandAct.LOWERED) {
      this.#down.set(participantId, timeMs);
      this.#lowered(participantId);
    } else if (!this.raised.peek().has(participantId)) {
      const saidMs = raiseTimeMs === 0n ? timeMs : Math.min(Number(raiseTimeMs), timeMs);
      const sinceMs = Math.max(saidMs, this.#down.get(participantId) ?? 0, this.#joinTimeMs(participantId));
      this.raised.value = new Map([...this.raised.peek(), [participantId, sinceMs]]);
    }
  }

  #joinTimeMs(id: string): number {
    const roster = this.#roster.peek();
    const joinTime = roster && participantOf(roster, id)?.joinTime;
    return joinTime === undefined ? 0 : timestampMs(joinTime);
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
      await this.#turn(() => this.#say(HandAct.ASKED, this.#selfId));
      this.#stopWaiting = this.#clock.after(CONFIRM_HANDS_MS, () => this.#unconfirmed.forEach((id) => this.#lowered(id)));
      this.#answerSoon();
    } catch (error) {
      ignoreFailure(error); // Whoever is lost comes back, and asks again.
    } finally {
      this.#isAsking = false;
    }
  }

  /** Says soon whether the client's own hand is up: who did not answer would have told the appliance that it is not. */
  #answerSoon(): void {
    if (this.#willAnswer) return;
    this.#willAnswer = true;
    this.#clock.after(ANSWER_MS, () => {
      this.#willAnswer = false;
      this.#turn(async () => {
        const sinceMs = this.raised.peek().get(this.#selfId);
        const isUp = sinceMs !== undefined || this.#isRising;
        await this.#say(isUp ? HandAct.RAISED : HandAct.LOWERED, this.#selfId, sinceMs);
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
