import type { Locks } from "../src/crypto/content/uses.ts";

type Callback = (lock: Lock | null) => unknown;

let browsers = 0;

/** A browser as far as locks go: its pages have them in common, and what a page holds is free once it is gone. */
export class LockingBrowser {
  readonly #prefix = `browser ${browsers++}: `;

  /** The locks as one page sees them; gone: resolves when it ends. */
  page(gone: Promise<void> = new Promise(() => undefined)): Locks {
    const request = (name: string, ...rest: [Callback] | [LockOptions, Callback]): Promise<unknown> => {
      const [options, callback] = rest.length === 1 ? [{}, rest[0]] : rest;
      return navigator.locks.request(this.#prefix + name, options, (lock) => Promise.race([callback(lock), gone]));
    };
    return { request } as Locks;
  }
}

/** Locks that the browser refuses once, as it does to a page that it is about to put away. */
export function locksRefusedOnce(locks: Locks): Locks {
  let isRefused = false;
  const request = (...asked: Parameters<LockManager["request"]>): Promise<unknown> => {
    if (isRefused) return locks.request(...asked);
    isRefused = true;
    return Promise.reject(new DOMException("refused", "InvalidStateError"));
  };
  return { request } as Locks;
}

/** The locks of a page that has its browser to itself. */
export function loneLocks(): Locks {
  return new LockingBrowser().page();
}
