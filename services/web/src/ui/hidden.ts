import type { Stop } from "../crypto/worker/frames.ts";
import type { Session } from "../session/session.ts";

/** What a picture waits for: a key that will come, or something that will not. */
type Wait = "justJoined" | "keysChanging";

export type Hidden = { readonly waits: Wait } | { readonly why: Exclude<Stop, "no-key" | "future-epoch"> };

/** Why nothing of a participant can be shown; undefined if it can, or if there is nothing to show. */
export function hiddenOf(session: Session, participantId: string, slotMid: string | undefined): Hidden | undefined {
  const { protection } = session;
  if (!protection.isOn.value || participantId === session.roster.value?.selfId) return undefined;
  if (protection.status.value.name === "ready" && !protection.members.value.has(participantId)) {
    return { waits: "justJoined" };
  }
  const why = protection.frames.stopped.value.get(slotMid ?? "");
  if (why === undefined) return undefined;
  return why === "no-key" || why === "future-epoch" ? { waits: "keysChanging" } : { why };
}
