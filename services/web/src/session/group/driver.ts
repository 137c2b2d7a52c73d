import { signal } from "@preact/signals";

import { equalBytes, type Bytes } from "../../crypto/bytes.ts";
import { Refused, type Reason } from "../../crypto/mls/refused.ts";
import type { GroupView } from "../../crypto/worker/session.ts";
import type { CommitRequested, GroupHandshake, GroupWelcome } from "../../gen/conclave/v1/groups_pb.js";
import type { ServerMessage } from "../../gen/conclave/v1/signalling_pb.js";
import { ConnectionLost, SignallingError } from "../../protocol/errors.ts";
import type { Clock } from "../../protocol/ports.ts";
import { makeCommit } from "./commit.ts";
import { Entries } from "./entries.ts";
import type { Delivery, Keys } from "./ports.ts";

/** Why a group was given up: what its members refuse, a message that never came, or a failure of this client. */
export type GivenUp = Reason | "withheld" | "failed";

/** How far the client is. */
export type GroupStatus =
  | { readonly name: "securing"; readonly givenUp: GivenUp | undefined }
  | { readonly name: "ready"; readonly view: GroupView; readonly sinceMs: number };

interface Membership {
  readonly groupId: Bytes;
  /** The last number of the stream that was processed. */
  sequence: bigint;
  view: GroupView;
}

type Place = "outside" | "waiting" | Membership;

/** How long a client waits for its Welcome before it asks whether it has missed it. */
const PATIENCE_MS = 5_000;

class Withheld extends Error {}

/**
 * Keeps one client in its meeting's end-to-end group: enters it, founds it when asked, commits when asked, and takes
 * its messages in the one order that there is. Whatever it cannot go on with ends its leaf, and it enters with a new one.
 *
 * All that happens is handled one after another.
 */
export class GroupDriver {
  readonly status = signal<GroupStatus>({ name: "securing", givenUp: undefined });

  readonly #keys: Keys;
  readonly #delivery: Delivery;
  readonly #clock: Clock;
  readonly #nowMs: () => number;
  readonly #entries: Entries;

  #place: Place = "outside";
  #closed = false;
  #last: Promise<void> = Promise.resolve();
  #stuck = false;
  #welcomeRefused: Reason | undefined;
  #requested: CommitRequested | undefined;
  /** The epoch in which the delivery service has taken a commit of this client. */
  #committed: bigint | undefined;
  #cancelPatience: () => void = () => undefined;

  /** nowMs: time of day. */
  constructor(keys: Keys, delivery: Delivery, clock: Clock, nowMs: () => number) {
    this.#keys = keys;
    this.#delivery = delivery;
    this.#clock = clock;
    this.#nowMs = nowMs;
    this.#entries = new Entries(clock);
  }

  /** The client is in the meeting and has no leaf that is worth anything: it has just come, or its worker was lost. */
  enter(): void {
    this.#turn(async () => this.#startOver());
  }

  /** Signalling is back, in the same session. */
  resume(): void {
    this.#turn(async () => {
      if (this.#place === "outside") await this.#enterNow();
      else await this.#catchUp();
    });
  }

  /** Something came under an epoch that the client does not know. */
  suspect(): void {
    this.#turn(async () => {
      if (typeof this.#place === "object") await this.#catchUp();
    });
  }

  event(body: ServerMessage["body"]): void {
    switch (body.case) {
      case "foundRequested":
        return this.#turn(() => this.#found());
      case "groupWelcome":
        return this.#turn(() => this.#welcomed(body.value));
      case "groupHandshake":
        return this.#turn(() => this.#received(body.value));
      case "commitRequested":
        return this.#turn(() => this.#commit(body.value));
      case "groupRetired":
        return this.#turn(async () => {
          if (this.#isMemberOf(body.value.groupId)) this.#startOver();
        });
    }
  }

  close(): void {
    this.#closed = true;
    this.#entries.cancel();
    this.#cancelPatience();
  }

  #turn(task: () => Promise<void>): void {
    this.#last = this.#last.then(async () => {
      if (this.#closed) return;
      try {
        await task();
      } catch (error) {
        if (!this.#closed) this.#failed(error);
      }
    });
  }

  #failed(error: unknown): void {
    if (error instanceof ConnectionLost) return; // resume() goes on from where it is.
    if (error instanceof SignallingError) this.#giveUp(undefined);
    else this.#giveUp(error instanceof Refused ? error.reason : error instanceof Withheld ? "withheld" : "failed");
  }

  /** Enters with another leaf, though nothing went wrong. */
  #startOver(): void {
    this.#leave(undefined);
    this.#entries.begin(() => this.#turn(() => this.#enterNow()));
  }

  /** Enters with another leaf, as it does not go on with the one there is. why: undefined for what a service may do. */
  #giveUp(why: GivenUp | undefined): void {
    this.#leave(why);
    this.#entries.again(() => this.#turn(() => this.#enterNow()));
  }

  /** Ends the leaf there is. */
  #leave(why: GivenUp | undefined): void {
    this.#place = "outside";
    this.#stuck = why !== undefined;
    this.#requested = undefined;
    this.#committed = undefined;
    this.#cancelPatience();
    this.status.value = { name: "securing", givenUp: why };
    // Nothing more goes out under its keys, which somebody may hold who has left.
    this.#keys.leave().catch(() => undefined);
  }

  async #enterNow(): Promise<void> {
    if (this.#place !== "outside") return;
    const keyPackage = await this.#keys.enrol();
    this.#place = "waiting";
    this.#welcomeRefused = undefined;
    this.#bePatient();
    await this.#delivery.enter(keyPackage, this.#stuck);
  }

  #bePatient(): void {
    this.#cancelPatience();
    this.#cancelPatience = this.#clock.after(PATIENCE_MS, () =>
      this.#turn(async () => {
        if (this.#place !== "waiting") return;
        if (this.#welcomeRefused !== undefined) throw new Refused(this.#welcomeRefused);
        this.#bePatient();
        await this.#catchUp();
      }),
    );
  }

  async #found(): Promise<void> {
    if (this.#place !== "waiting") return;
    const view = await this.#keys.found();
    this.#place = { groupId: view.groupId, sequence: 0n, view };
    await this.#delivery.found(view.groupId);
    this.#settle();
  }

  async #welcomed({ groupId, sequence, welcome }: GroupWelcome): Promise<void> {
    if (this.#place !== "waiting") return;
    try {
      const view = await this.#keys.join(welcome as Bytes);
      if (!equalBytes(view.groupId, groupId)) throw new Refused("wrong-group");
      this.#place = { groupId: view.groupId, sequence, view };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // It may be for a leaf that this client had before; the one for this leaf comes after it.
      this.#welcomeRefused = error.reason;
      return;
    }
    this.#settle();
  }

  /** The client is in. */
  #settle(): void {
    this.#cancelPatience();
    this.#entries.arrived();
    this.#publish();
  }

  #publish(): void {
    if (typeof this.#place !== "object") return;
    const { view } = this.#place;
    const shown = this.status.peek();
    if (shown.name === "ready" && shown.view.epoch === view.epoch && equalBytes(shown.view.groupId, view.groupId)) return;
    this.status.value = { name: "ready", view, sinceMs: this.#nowMs() };
  }

  async #received(handshake: GroupHandshake): Promise<void> {
    const place = this.#place;
    if (typeof place !== "object" || !equalBytes(place.groupId, handshake.groupId)) return;
    if (handshake.sequence > place.sequence + 1n) {
      await this.#catchUp();
      // The service has it, and does not give what comes before it.
      if (this.#place === place && place.sequence < handshake.sequence) throw new Withheld();
    } else {
      await this.#take(handshake);
    }
  }

  async #catchUp(): Promise<void> {
    for (let more = true; more && this.#place !== "outside"; ) {
      const asked = this.#place;
      const [groupId, after] = typeof asked === "object" ? [asked.groupId, asked.sequence] : [undefined, 0n];
      const missed = await this.#delivery.read(groupId, after);
      if (missed.welcome !== undefined) await this.#welcomed(missed.welcome);
      for (const handshake of missed.handshakes) await this.#take(handshake);
      more = missed.more && missed.handshakes.length > 0;
    }
    this.#publish();
  }

  async #take({ groupId, sequence, message }: GroupHandshake): Promise<void> {
    const place = this.#place;
    if (typeof place !== "object" || !equalBytes(place.groupId, groupId) || sequence <= place.sequence) return;
    if (sequence > place.sequence + 1n) throw new Withheld();
    const { effect, view } = await this.#keys.process(message as Bytes);
    place.sequence = sequence;
    if (effect === "removed") return this.#giveUp(undefined);
    place.view = view;
    this.#publish();
    if (this.#requested !== undefined) await this.#commit(this.#requested);
  }

  async #commit(request: CommitRequested): Promise<void> {
    const place = this.#place;
    if (typeof place !== "object" || !equalBytes(place.groupId, request.groupId)) return;
    const { epoch } = place.view;
    // One for a later epoch waits until the client is there.
    this.#requested = request.epoch > epoch ? request : undefined;
    if (request.epoch !== epoch || this.#committed === epoch) return;
    const commit = await makeCommit(this.#keys, request);
    if (commit === undefined) return;
    try {
      await this.#delivery.send(place.groupId, commit);
      this.#committed = epoch;
    } catch (error) {
      if (!(error instanceof SignallingError)) throw error;
      // Another was first, and is on its way; or something else is pending now, and the service asks again.
      await this.#keys.abandon();
    }
  }

  #isMemberOf(groupId: Uint8Array): boolean {
    return typeof this.#place === "object" && equalBytes(this.#place.groupId, groupId);
  }
}
