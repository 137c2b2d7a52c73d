/** Far below what AES-GCM allows for one key, and years of frames. A frame with a higher counter is not ours. */
export const LARGEST_COUNTER = 2 ** 32 - 1;

/** Nothing more may be protected under a KID. */
export class CounterExhausted extends Error {}

/** Gives each counter of each KID once. An epoch has one, as long as its keys live. */
export class Counters {
  readonly #largest: number;
  readonly #next = new Map<bigint, number>();

  constructor(largest = LARGEST_COUNTER) {
    this.#largest = largest;
  }

  /** A counter that this KID never had, and never will have again. */
  take(kid: bigint): number {
    const counter = this.#next.get(kid) ?? 0;
    if (counter > this.#largest) throw new CounterExhausted(`KID ${kid} has no counter left`);
    this.#next.set(kid, counter + 1);
    return counter;
  }
}
