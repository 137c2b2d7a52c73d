import { Connection } from "../protocol/connection.ts";
import type { Clock, OpenSocket } from "../protocol/ports.ts";

const KEY = "conclave.leaves";

/**
 * Keeps, for the page that comes next in this tab, whose leave that page has to say: one browser sends nothing any more
 * while it loads a page anew, and the others would see somebody there for the whole time that a lost one may come back.
 */
export function keepLeave(resumeToken: string): void {
  try {
    sessionStorage.setItem(KEY, resumeToken);
  } catch {
    // A browser that keeps nothing.
  }
}

/** Says the leave of the page before this one, if it has kept it. Where the appliance knows of it, nothing happens. */
export function sayKeptLeave(openSocket: OpenSocket, clock: Clock, capabilities: readonly string[]): void {
  const token = takeKept();
  if (token === undefined) return;
  const close = (): void => connection.close();
  const handlers = {
    credential: () => ({ case: "resumeToken", value: token }) as const,
    opened: () => void connection.request({ case: "leave", value: {} }).then(close, close),
    lost: close,
    event: () => undefined,
    sessionLost: close,
    refused: () => undefined,
  };
  const connection = new Connection(openSocket, clock, handlers, capabilities);
  connection.open();
}

function takeKept(): string | undefined {
  try {
    const kept = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return kept ?? undefined;
  } catch {
    return undefined;
  }
}
