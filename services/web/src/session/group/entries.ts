import type { Clock } from "../../protocol/ports.ts";

/** How long a client waits before it enters again, from the second failure on: each entry costs everybody a commit. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** After so long in one group, an earlier failure no longer makes the next one wait longer. */
const SETTLED_MS = 30_000;

/** When a client enters its group: at once the first time, later and later if that does not last. */
export class Entries {
  readonly #clock: Clock;
  #failures = 0;
  #cancelEntry: () => void = () => undefined;
  #cancelSettling: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nothing went wrong before: there was no group, or it is over. */
  begin(enter: () => void): void {
    this.#failures = 0;
    this.#plan(0, enter);
  }

  /** Something went wrong in the group. */
  again(enter: () => void): void {
    const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    const waitMs = this.#failures === 0 ? 0 : ceiling * (0.5 + 0.5 * this.#clock.random());
    this.#failures++;
    this.#plan(waitMs, enter);
  }

  /** The client is in. */
  arrived(): void {
    this.#cancelSettling();
    this.#cancelSettling = this.#clock.after(SETTLED_MS, () => {
      this.#failures = 0;
    });
  }

  cancel(): void {
    this.#cancelEntry();
    this.#cancelSettling();
  }

  #plan(waitMs: number, enter: () => void): void {
    this.cancel();
    this.#cancelEntry = this.#clock.after(waitMs, enter);
  }
}
