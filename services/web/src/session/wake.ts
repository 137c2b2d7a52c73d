import type { Clock } from "../protocol/ports.ts";

const TICK_MS = 2000;
/** Browsers slow a hidden page's timers down to one a minute; a machine that slept is away for longer than a tick. */
const GAP_MS = 8000;

/**
 * Calls back when far more time has passed than a timer was to take: the machine slept. Returns what ends it.
 *
 * nowMs: a clock that goes on while the machine sleeps.
 */
export function whenWoken(clock: Clock, nowMs: () => number, woken: () => void): () => void {
  let last = nowMs();
  let cancel = (): void => undefined;
  const tick = (): void => {
    const now = nowMs();
    if (now - last > GAP_MS) woken();
    last = now;
    cancel = clock.after(TICK_MS, tick);
  };
  cancel = clock.after(TICK_MS, tick);
  return () => cancel();
}
