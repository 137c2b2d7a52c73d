/** Louder than a quiet room after the browser's noise suppression (about -48 dB below full scale). */
const HEARD = 0.004;
/** As loud as somebody who talks to the microphone (-38 dB), not as the keys beside it. */
const TALKING = 0.0125;

/** A pause between sentences is no silence. */
const HEARD_MS = 3000;
/** A cough is no speech. */
const TALKING_MS = 500;
const TALKING_WITHIN_MS = 1500;

/** Whether a microphone hears anything, from its levels. */
export class Hearing {
  #heardAt = Number.NEGATIVE_INFINITY;

  /** Takes a level and returns whether something was heard just now or a moment ago. */
  hears(level: number, nowMs: number): boolean {
    if (level >= HEARD) this.#heardAt = nowMs;
    return nowMs - this.#heardAt < HEARD_MS;
  }
}

/** Whether somebody talks, from the levels of a microphone. */
export class Talking {
  #loud: { readonly atMs: number; readonly forMs: number }[] = [];
  #before: number | undefined;

  /** Takes a level and returns whether it was loud for half a second of the last one and a half. */
  talks(level: number, nowMs: number): boolean {
    const forMs = this.#before === undefined ? 0 : nowMs - this.#before;
    this.#before = nowMs;
    if (level >= TALKING) this.#loud.push({ atMs: nowMs, forMs });
    this.#loud = this.#loud.filter(({ atMs }) => nowMs - atMs < TALKING_WITHIN_MS);
    return this.#loud.reduce((sum, each) => sum + each.forMs, 0) >= TALKING_MS;
  }
}
