import type { Clock } from "../../protocol/ports.ts";

const BEAT_MS = 10_000;
/** How many beats may be missed: a machine that is very busy takes its time. */
const MOST_MISSED = 2;

/** Notices a worker that stands still or has ended without a word, as one does that the browser has ended for its memory. */
export class Pulse {
  readonly #clock: Clock;
  readonly #beat: () => Promise<unknown>;
  readonly #stopped: () => void;
  #missed = 0;
  #cancel: () => void = () => undefined;

  /** beat: asks for a sign of life. stopped: called once, when none has come for too long. */
  constructor(clock: Clock, beat: () => Promise<unknown>, stopped: () => void) {
    this.#clock = clock;
    this.#beat = beat;
    this.#stopped = stopped;
    this.#wait();
  }

  close(): void {
    this.#cancel();
  }

  #wait(): void {
    this.#cancel = this.#clock.after(BEAT_MS, () => {
      if (this.#missed > MOST_MISSED) return this.#stopped();
      this.#missed++;
      this.#beat().then(
        () => (this.#missed = 0),
        () => undefined,
      );
      this.#wait();
    });
  }
}
