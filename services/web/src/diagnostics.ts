import { hex } from "./crypto/bytes.ts";
import { SourceKind } from "./gen/conclave/v1/meetings_pb.js";
import type { EncodingStatistics, SlotStatistics } from "./media/statistics.ts";
import type { Session } from "./session/session.ts";
import { buildHash } from "./ui/version.ts";

/** What the page knows of the meeting, without secrets. */
export interface DiagnosticState {
  readonly build: string | undefined;
  readonly phase: string;
  readonly online: boolean;
  readonly media: string;
  readonly selfId: string | undefined;
  readonly participants: readonly {
    readonly id: string;
    readonly name: string;
    readonly connectionState: number;
    readonly active: readonly string[];
  }[];
  readonly slots: readonly { mid: string; audio: boolean; sourceId: string; layer: number }[];
  readonly speakerIds: readonly string[];
  readonly protection: DiagnosticProtection;
}

/** An end-to-end group as everybody in it sees it: public keys and the epoch's code, and nothing secret. */
export interface DiagnosticProtection {
  readonly state: "off" | "securing" | "ready";
  readonly givenUp: string | undefined;
  readonly epoch: number | undefined;
  readonly code: string;
  readonly members: readonly { readonly id: string; readonly leaf: number; readonly identityKey: string }[];
  /** Why slots play nothing, by mid. */
  readonly stopped: Readonly<Record<string, string>>;
}

export interface DiagnosticStatistics {
  /** What each slot receives, and which source it shows now. */
  readonly slots: readonly (SlotStatistics & { sourceId: string; layer: number })[];
  readonly sending: readonly EncodingStatistics[];
}

/**
 * `window.conclave`: lets support and tests look at a running client. It only reads, and it holds no token, key, SDP
 * or address.
 */
export interface Diagnostics {
  state(): DiagnosticState;
  stats(): Promise<DiagnosticStatistics>;
}

declare global {
  interface Window {
    conclave?: Diagnostics;
  }
}

export function exposeDiagnostics(session: Session): void {
  const diagnostics: Diagnostics = {
    state: () => stateOf(session),
    stats: () => statisticsOf(session),
  };
  Object.defineProperty(window, "conclave", { value: Object.freeze(diagnostics) });
}

function stateOf(session: Session): DiagnosticState {
  const roster = session.roster.peek();
  return {
    build: buildHash.peek(),
    phase: session.phase.peek(),
    online: session.online.peek(),
    media: session.media.state.peek(),
    selfId: roster?.selfId,
    participants: (roster?.participants ?? []).map((participant) => ({
      id: participant.id,
      name: participant.displayName,
      connectionState: participant.connectionState,
      active: participant.sources.filter((source) => source.active).map((source) => SourceKind[source.kind] ?? ""),
    })),
    slots: [...(roster?.slots.values() ?? [])].map(({ mid, audio, sourceId, layer }) => ({ mid, audio, sourceId, layer })),
    speakerIds: roster?.speakerIds ?? [],
    protection: protectionOf(session),
  };
}

function protectionOf({ protection }: Session): DiagnosticProtection {
  const status = protection.status.peek();
  const view = status.name === "ready" ? status.view : undefined;
  return {
    state: protection.isOn.peek() ? status.name : "off",
    givenUp: status.name === "securing" ? status.givenUp : undefined,
    epoch: view === undefined ? undefined : Number(view.epoch),
    code: view?.code.join(" ") ?? "",
    members: (view?.members ?? []).map(({ participantId, leaf, identityKey }) => ({
      id: participantId,
      leaf,
      identityKey: hex(identityKey),
    })),
    stopped: Object.fromEntries(protection.frames.stopped.peek()),
  };
}

async function statisticsOf(session: Session): Promise<DiagnosticStatistics> {
  const statistics = await session.media.peer.peek()?.statistics();
  if (statistics === undefined) return { slots: [], sending: [] };
  const shown = session.roster.peek()?.slots;
  const slots = statistics.slots.map((slot) => ({
    ...slot,
    sourceId: shown?.get(slot.mid)?.sourceId ?? "",
    layer: shown?.get(slot.mid)?.layer ?? 0,
  }));
  return { slots, sending: statistics.sending };
}
