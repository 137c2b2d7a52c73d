/** Longest wait between two attempts, milliseconds. */
export const LONGEST_WAIT_MS = 1000;

const FIRST_WAIT_MS = 100;

/**
 * How long to wait before an attempt, milliseconds: the first comes at once, then the wait doubles up to a second.
 *
 * attempt: 0 for the first after the loss; random: uniform in [0, 1). Half of the wait is random, so that a room full
 * of clients does not come back in one burst.
 */
export function waitBeforeAttempt(attempt: number, random: number): number {
  if (attempt === 0) return 0;
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
  return Math.round(ceiling * (0.5 + 0.5 * random));
}
