import type { JSX } from "preact";

import type { Level } from "../media/quality.ts";

const BARS = [0, 1, 2, 3] as const;
const FILLED: Record<Level, number> = { good: 4, weak: 2, poor: 1 };

/** Four bars, as many of them filled as the connection is good; none while there is none. */
export function Bars({ level }: { level: Level | undefined }): JSX.Element {
  const filled = level === undefined ? 0 : FILLED[level];
  return (
    <svg class="bars" viewBox="0 0 20 16" aria-hidden="true">
      {BARS.map((bar) => (
        <rect key={bar} class={bar < filled ? "bar filled" : "bar"} x={bar * 5} y={11 - bar * 3} width="3" height={5 + bar * 3} rx="1" />
      ))}
    </svg>
  );
}
