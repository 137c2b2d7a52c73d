/** What one reading of the whole connection tells; counters since the peer connection was made. */
export interface LinkSample {
  readonly atMs: number;
  readonly roundTripMs: number | undefined;
  readonly transport: "udp" | "tcp" | undefined;
  /** What the browser believes it may send, bits a second; not every browser says. */
  readonly availableOutgoing: number | undefined;
  /** Grows with whatever arrives on the selected pair, answers to ICE's own checks included. */
  readonly heard: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsSent: number;
  /** As the appliance reports them. */
  readonly packetsLostUp: number;
  readonly packetsReceived: number;
  readonly packetsLostDown: number;
  /** The largest of what is heard now. */
  readonly jitterMs: number;
  readonly freezes: number;
  /** What keeps the sent picture smaller than it could be. */
  readonly limitation: "none" | "cpu" | "bandwidth";
}

/** What happened between two readings. */
export interface LinkFigures {
  readonly roundTripMs: number | undefined;
  readonly transport: "udp" | "tcp" | undefined;
  readonly availableOutgoing: number | undefined;
  /** Shares from 0 to 1. */
  readonly lossUp: number;
  readonly lossDown: number;
  readonly jitterMs: number;
  readonly freezes: number;
  readonly limitation: "none" | "cpu" | "bandwidth";
  /** Bits a second. */
  readonly sending: number;
  readonly receiving: number;
}

type StatsEntry = Readonly<Record<string, unknown>>;

/** Sums up a report of the whole connection. */
export function linkSample(report: { forEach(each: (entry: StatsEntry) => void): void }, atMs: number): LinkSample {
  const byType = new Map<unknown, StatsEntry[]>();
  const byId = new Map<unknown, StatsEntry>();
  report.forEach((entry) => {
    byId.set(entry["id"], entry);
    byType.set(entry["type"], [...(byType.get(entry["type"]) ?? []), entry]);
  });
  const entries = (type: string): StatsEntry[] => byType.get(type) ?? [];
  const sum = (type: string, name: string): number => entries(type).reduce((total, entry) => total + (number(entry, name) ?? 0), 0);
  const pair = selectedPair(entries("candidate-pair"), entries("transport"), byId);
  const roundTrip = pair === undefined ? undefined : number(pair, "currentRoundTripTime");
  const local = pair === undefined ? undefined : byId.get(pair["localCandidateId"]);
  const protocol = local?.["protocol"];
  return {
    atMs,
    roundTripMs: roundTrip === undefined ? undefined : roundTrip * 1000,
    transport: protocol === "udp" || protocol === "tcp" ? protocol : undefined,
    availableOutgoing: pair === undefined ? undefined : number(pair, "availableOutgoingBitrate"),
    heard: pair === undefined ? 0 : (number(pair, "bytesReceived") ?? 0) + (number(pair, "responsesReceived") ?? 0),
    bytesSent: sum("outbound-rtp", "bytesSent"),
    bytesReceived: sum("inbound-rtp", "bytesReceived"),
    packetsSent: sum("outbound-rtp", "packetsSent"),
    packetsLostUp: sum("remote-inbound-rtp", "packetsLost"),
    packetsReceived: sum("inbound-rtp", "packetsReceived"),
    packetsLostDown: sum("inbound-rtp", "packetsLost"),
    jitterMs: 1000 * Math.max(0, ...entries("inbound-rtp").map((entry) => (entry["kind"] === "audio" ? (number(entry, "jitter") ?? 0) : 0))),
    freezes: sum("inbound-rtp", "freezeCount"),
    limitation: limitationOf(entries("outbound-rtp")),
  };
}

/** What happened from one reading to the next. */
export function figuresBetween(before: LinkSample, after: LinkSample): LinkFigures {
  // A counter of a stream that ended is gone from the sum.
  const grown = (name: "bytesSent" | "bytesReceived" | "packetsSent" | "packetsLostUp" | "packetsReceived" | "packetsLostDown" | "freezes"): number =>
    Math.max(0, after[name] - before[name]);
  const seconds = Math.max(0.001, (after.atMs - before.atMs) / 1000);
  const { roundTripMs, transport, availableOutgoing, jitterMs, limitation } = after;
  return {
    roundTripMs,
    transport,
    availableOutgoing,
    jitterMs,
    limitation,
    lossUp: share(grown("packetsLostUp"), grown("packetsSent")),
    lossDown: share(grown("packetsLostDown"), grown("packetsReceived") + grown("packetsLostDown")),
    freezes: grown("freezes"),
    sending: (grown("bytesSent") * 8) / seconds,
    receiving: (grown("bytesReceived") * 8) / seconds,
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(1, part / whole);
}

function selectedPair(
  pairs: readonly StatsEntry[],
  transports: readonly StatsEntry[],
  byId: ReadonlyMap<unknown, StatsEntry>,
): StatsEntry | undefined {
  for (const transport of transports) {
    const pair = byId.get(transport["selectedCandidatePairId"]);
    if (pair !== undefined) return pair;
  }
  return pairs.find((pair) => pair["selected"] === true || (pair["nominated"] === true && pair["state"] === "succeeded"));
}

function limitationOf(outbound: readonly StatsEntry[]): "none" | "cpu" | "bandwidth" {
  const reasons = new Set(outbound.filter((entry) => entry["active"] !== false).map((entry) => entry["qualityLimitationReason"]));
  return reasons.has("cpu") ? "cpu" : reasons.has("bandwidth") ? "bandwidth" : "none";
}

function number(entry: StatsEntry, name: string): number | undefined {
  const value = entry[name];
  return typeof value === "number" ? value : undefined;
}
