import { signal } from "@preact/signals";

import { ErrorCode } from "../../../gen/conclave/v1/signalling_pb.js";
import { waitBeforeAttempt } from "../../../protocol/backoff.ts";
import { ConnectionLost, SignallingError } from "../../../protocol/errors.ts";
import type { Clock } from "../../../protocol/ports.ts";
import { TransferLost, TransferOutdated } from "./transport.ts";

/** How it stands with a transfer. */
export type TransferState =
  | { readonly name: "queued" | "running" | "paused" | "waiting" | "done" | "cancelled" }
  | { readonly name: "failed"; readonly reason: Error };

/** What is to be done: from where it stands, each time that it is called. moved: to be told of each step forward. */
export type Task = (stop: AbortSignal, moved: () => void) => Promise<void>;

/** How often in a row it is taken up anew without a step forward before something else must be wrong. */
const MOST_OUTDATED = 5;

/** Carries a transfer through lost connections, pauses and restarts until it is done. */
export class Persistent {
  readonly state = signal<TransferState>({ name: "queued" });
  readonly #task: Task;
  readonly #clock: Clock;
  /** The run that counts; undefined while nothing is to be done. */
  #current: symbol | undefined;
  #attempt = new AbortController();
  #wake: () => void = () => undefined;
  /** One at a time: what was stopped may still be writing. */
  #last: Promise<void> = Promise.resolve();

  constructor(task: Task, clock: Clock) {
    this.#task = task;
    this.#clock = clock;
  }

  get isOver(): boolean {
    const { name } = this.state.peek();
    return name === "done" || name === "cancelled" || name === "failed";
  }

  /** Begins, goes on after a pause, or tries again after a failure. */
  start(): void {
    if (this.#current !== undefined || this.state.peek().name === "done") return;
    const run = Symbol();
    this.#current = run;
    this.state.value = { name: "running" };
    this.#last = this.#last.then(() => this.#run(run));
  }

  pause(): void {
    if (this.isOver) return;
    this.#stop();
    this.state.value = { name: "paused" };
  }

  cancel(): void {
    this.#stop();
    this.state.value = { name: "cancelled" };
  }

  /** The connection is back: no need to wait any longer, nor for what may hang on the one that was lost. */
  connected(): void {
    this.#attempt.abort();
    this.#wake();
  }

  #stop(): void {
    this.#current = undefined;
    this.#attempt.abort();
    this.#wake();
  }

  async #run(run: symbol): Promise<void> {
    const isCurrent = (): boolean => this.#current === run;
    let attempts = 0;
    let outdated = 0;
    while (isCurrent()) {
      this.state.value = { name: "running" };
      const { signal: stop } = (this.#attempt = new AbortController());
      try {
        await this.#task(stop, () => (attempts = outdated = 0));
        if (isCurrent()) this.#end({ name: "done" });
        return;
      } catch (reason) {
        if (!isCurrent()) return;
        if (stop.aborted) continue;
        if (!(reason instanceof Error)) throw reason;
        if (reason instanceof TransferOutdated) outdated += 1;
        if (!isPassing(reason) || outdated > MOST_OUTDATED) return this.#end({ name: "failed", reason });
        if (!(reason instanceof TransferOutdated)) await this.#wait(attempts++);
      }
    }
  }

  #end(state: TransferState): void {
    this.#current = undefined;
    this.state.value = state;
  }

  async #wait(attempt: number): Promise<void> {
    this.state.value = { name: "waiting" };
    await new Promise<void>((resolve) => {
      const stopTimer = this.#clock.after(waitBeforeAttempt(attempt, this.#clock.random()), resolve);
      this.#wake = () => {
        stopTimer();
        resolve();
      };
    });
    this.#wake = () => undefined;
  }
}

function isPassing(error: Error): boolean {
  if (error instanceof SignallingError) return error.code === ErrorCode.UNAVAILABLE || error.code === ErrorCode.LIMIT_EXCEEDED;
  return error instanceof ConnectionLost || error instanceof TransferLost || error instanceof TransferOutdated;
}
