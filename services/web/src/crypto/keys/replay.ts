/** How far behind the highest counter a frame may come: several seconds of a camera's three layers. */
const WINDOW = 1024;

/** Remembers which counters of one KID were taken, so that each is taken once. */
export class ReplayWindow {
  #highest = -1;
  /** For each counter of the window, at its remainder: whether it was taken. */
  readonly #taken = new Uint8Array(WINDOW);

  /** Whether a counter is new. One that is too old to tell is not. */
  isNew(counter: number): boolean {
    if (counter > this.#highest) return true;
    return counter > this.#highest - WINDOW && this.#taken[counter % WINDOW] === 0;
  }

  /** Marks an authenticated frame's counter. Returns whether it was new. */
  take(counter: number): boolean {
    if (!this.isNew(counter)) return false;
    const skipped = Math.min(counter - this.#highest - 1, WINDOW);
    for (let step = 1; step <= skipped; step++) this.#taken[(this.#highest + step) % WINDOW] = 0;
    this.#taken[counter % WINDOW] = 1;
    this.#highest = Math.max(this.#highest, counter);
    return true;
  }
}
