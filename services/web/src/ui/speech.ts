import { signal } from "@preact/signals";

import type { Clock } from "../protocol/ports.ts";

/** How long somebody has to speak before the large place is theirs. */
export const STEADY_MS = 1500;

/** Who of the others has spoken, and whom the speaker view shows large. */
export class Speech {
  /** The last person who spoke steadily. */
  readonly mainId = signal<string | undefined>(undefined);
  /** Whoever has spoken, the last one first. */
  readonly recentIds = signal<readonly string[]>([]);

  readonly #clock: Clock;
  #speakerIds: readonly string[] = [];
  readonly #steady = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes who speaks now, loudest first, without the person who looks on. */
  heard(speakerIds: readonly string[]): void {
    this.#speakerIds = speakerIds;
    for (const [id, cancel] of this.#waiting) {
      if (speakerIds.includes(id)) continue;
      cancel();
      this.#waiting.delete(id);
    }
    for (const id of this.#steady) if (!speakerIds.includes(id)) this.#steady.delete(id);
    for (const id of speakerIds) {
      if (!this.#steady.has(id) && !this.#waiting.has(id)) this.#waiting.set(id, this.#waitFor(id));
    }
    const before = this.recentIds.peek();
    const now = [...speakerIds, ...before.filter((id) => !speakerIds.includes(id))];
    if (now.some((id, index) => id !== before[index])) this.recentIds.value = now;
    this.#choose();
  }

  stop(): void {
    this.heard([]);
  }

  #waitFor(id: string): () => void {
    return this.#clock.after(STEADY_MS, () => {
      this.#waiting.delete(id);
      this.#steady.add(id);
      this.#choose();
    });
  }

  #choose(): void {
    const main = this.mainId.peek();
    if (main !== undefined && this.#speakerIds.includes(main)) return;
    const next = this.#speakerIds.find((id) => this.#steady.has(id));
    if (next !== undefined) this.mainId.value = next;
  }
}
