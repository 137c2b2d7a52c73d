/** What arrives in one slot, from getStats; counters since the peer connection was made. */
export interface SlotStatistics {
  readonly mid: string;
  readonly kind: "audio" | "video";
  /** Of what arrived last, as "video/VP8"; empty before. */
  codec: string;
  packetsReceived: number;
  packetsLost: number;
  bytesReceived: number;
  /** Samples of sound that had to be made up. */
  concealedSamples: number;
  totalSamplesReceived: number;
  framesReceived: number;
  framesDecoded: number;
  framesDropped: number;
  keyFramesDecoded: number;
  frameWidth: number;
  frameHeight: number;
  freezeCount: number;
  nackCount: number;
  pliCount: number;
  retransmittedPacketsReceived: number;
}

/** What is sent in one encoding, from getStats. */
export interface EncodingStatistics {
  readonly mid: string;
  readonly kind: string;
  readonly rid: string;
  readonly active: boolean;
  /** As "video/VP8"; empty while nothing was sent. */
  readonly codec: string;
  readonly packetsSent: number;
  readonly framesEncoded: number;
  readonly frameHeight: number;
}

export interface MediaStatistics {
  readonly slots: SlotStatistics[];
  readonly sending: EncodingStatistics[];
}

const COUNTERS = [
  "packetsReceived",
  "packetsLost",
  "bytesReceived",
  "concealedSamples",
  "totalSamplesReceived",
  "framesReceived",
  "framesDecoded",
  "framesDropped",
  "keyFramesDecoded",
  "freezeCount",
  "nackCount",
  "pliCount",
  "retransmittedPacketsReceived",
] as const;

/** Members of the standard's dictionaries that TypeScript's own types leave out or that vary among browsers. */
type StatsEntry = Record<string, unknown>;

/** Sums up what one slot receives. Members that a browser does not tell are 0. */
export function summariseSlot(mid: string, kind: "audio" | "video", report: RTCStatsReport): SlotStatistics {
  const slot = emptySlot(mid, kind);
  report.forEach((entry: StatsEntry) => {
    if (entry["type"] !== "inbound-rtp") return;
    addInbound(slot, entry);
    slot.codec = codecOf(entry, report);
  });
  return slot;
}

/** Sums up what one m-line sends, one entry an encoding. */
export function summariseSender(mid: string, report: RTCStatsReport): EncodingStatistics[] {
  const encodings: EncodingStatistics[] = [];
  report.forEach((entry: StatsEntry) => {
    if (entry["type"] === "outbound-rtp") encodings.push(outbound(mid, entry, codecOf(entry, report)));
  });
  return encodings;
}

function addInbound(slot: SlotStatistics, entry: StatsEntry): void {
  for (const name of COUNTERS) slot[name] += number(entry, name);
  slot.frameWidth = Math.max(slot.frameWidth, number(entry, "frameWidth"));
  slot.frameHeight = Math.max(slot.frameHeight, number(entry, "frameHeight"));
}

function codecOf(entry: StatsEntry, report: RTCStatsReport): string {
  const codec: StatsEntry | undefined = report.get(text(entry, "codecId"));
  return codec === undefined ? "" : text(codec, "mimeType");
}

function outbound(mid: string, entry: StatsEntry, codec: string): EncodingStatistics {
  return {
    mid,
    kind: text(entry, "kind"),
    rid: text(entry, "rid"),
    active: entry["active"] !== false,
    codec,
    packetsSent: number(entry, "packetsSent"),
    framesEncoded: number(entry, "framesEncoded"),
    frameHeight: number(entry, "frameHeight"),
  };
}

function emptySlot(mid: string, kind: "audio" | "video"): SlotStatistics {
  return {
    mid,
    kind,
    codec: "",
    packetsReceived: 0,
    packetsLost: 0,
    bytesReceived: 0,
    concealedSamples: 0,
    totalSamplesReceived: 0,
    framesReceived: 0,
    framesDecoded: 0,
    framesDropped: 0,
    keyFramesDecoded: 0,
    frameWidth: 0,
    frameHeight: 0,
    freezeCount: 0,
    nackCount: 0,
    pliCount: 0,
    retransmittedPacketsReceived: 0,
  };
}

function number(entry: StatsEntry, name: string): number {
  const value = entry[name];
  return typeof value === "number" ? value : 0;
}

function text(entry: StatsEntry, name: string): string {
  const value = entry[name];
  return typeof value === "string" ? value : "";
}
