import type { KeyRing } from "../keys/ring.ts";

/** How long a slot waits for the epoch of a frame, milliseconds. */
export const COMING_MS = 1_000;

/** A monotonic clock and its timers. */
export interface FrameClock {
  nowMs(): number;
  /** Calls back once after `ms` milliseconds; returns what cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/**
 * Has the frames of one slot wait while the epoch that they were sent under is on its way. Senders change their keys as
 * soon as they know of a removal: whoever is told of it a moment later would lose the key frame that they begin with,
 * and all that builds on it.
 *
 * Anybody can claim an epoch that never comes: one that was waited for in vain is not waited for again before another
 * has come.
 */
export class ComingEpoch {
  readonly #clock: FrameClock;
  /** The newest epoch there was when the wait was in vain. */
  #vainAt: bigint | undefined;

  constructor(clock: FrameClock) {
    this.#clock = clock;
  }

  /**
   * Waits for the epoch after one. Returns whether the ring has it within COMING_MS after sinceMs.
   *
   * newest: the ring's when a frame was claimed to be of a later one.
   */
  async comesAfter(newest: bigint, ring: KeyRing, sinceMs: number): Promise<boolean> {
    if (ring.newest !== newest) return true;
    if (newest === this.#vainAt) return false;
    const came = await this.#within(sinceMs + COMING_MS - this.#clock.nowMs(), ring.next());
    if (!came) this.#vainAt = newest;
    return came;
  }

  async #within(ms: number, event: Promise<void>): Promise<boolean> {
    return await new Promise<boolean>((resolve) => {
      const cancel = this.#clock.after(Math.max(0, ms), () => resolve(false));
      void event.then(() => {
        cancel();
        resolve(true);
      });
    });
  }
}
