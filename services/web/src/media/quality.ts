import type { LinkFigures } from "./linkstatistics.ts";

export type Level = "good" | "weak" | "poor";
export type QualityReason = "none" | "lossUp" | "lossDown" | "delay" | "jitter" | "freezes" | "bandwidthUp" | "computer";

/** How good the connection is, and what is worst about it. */
export interface Quality {
  readonly level: Level;
  readonly reason: QualityReason;
}

/** A quality as shown, and for how many readings in a row another was measured. */
export interface SteadyQuality extends Quality {
  readonly worse: number;
  readonly better: number;
}

const RANK: Record<Level, number> = { good: 0, weak: 1, poor: 2 };
/** Readings in a row after which what is shown follows: one bad reading is no bad connection. */
const WORSE_AFTER = 2;
const BETTER_AFTER = 4;

export const FINE: SteadyQuality = { level: "good", reason: "none", worse: 0, better: 0 };

const GOOD: Quality = { level: "good", reason: "none" };
/** What can only lie on the way between the client and the appliance. Loss and jitter of what arrives may be a sender's. */
const OWN_WAY: ReadonlySet<QualityReason> = new Set(["lossUp", "delay", "bandwidthUp"]);

/** Judges what happened between two readings, as the person is told. */
export function judge(figures: LinkFigures): Quality {
  return worstOf(verdictsOn(figures));
}

/** Judges it as the others are told: only by what is no fault of theirs. */
export function judgeOwnWay(figures: LinkFigures): Quality {
  return worstOf(verdictsOn(figures).filter(({ reason }) => OWN_WAY.has(reason)));
}

function verdictsOn(figures: LinkFigures): readonly Quality[] {
  return [
    { reason: "lossUp", level: above(figures.lossUp, 0.04, 0.12) },
    { reason: "lossDown", level: above(figures.lossDown, 0.04, 0.12) },
    { reason: "delay", level: above(figures.roundTripMs ?? 0, 400, 900) },
    { reason: "jitter", level: above(figures.jitterMs, 60, 150) },
    { reason: "freezes", level: above(figures.freezes, 1, 3) },
    { reason: "bandwidthUp", level: bandwidthLevel(figures) },
    { reason: "computer", level: figures.limitation === "cpu" ? "weak" : "good" },
  ];
}

/** The worst wins; of two alike, the one named first, which explains the later ones. */
function worstOf(verdicts: readonly Quality[]): Quality {
  return verdicts.reduce((found, each) => (RANK[each.level] > RANK[found.level] ? each : found), GOOD);
}

/** What to show after one more reading: it follows neither a single bad reading nor a single good one. */
export function steadied(shown: SteadyQuality, measured: Quality): SteadyQuality {
  const difference = RANK[measured.level] - RANK[shown.level];
  const worse = difference > 0 ? shown.worse + 1 : 0;
  const better = difference < 0 ? shown.better + 1 : 0;
  if (worse >= WORSE_AFTER || better >= BETTER_AFTER) return { ...measured, worse: 0, better: 0 };
  const reason = difference === 0 ? measured.reason : shown.reason;
  return { level: shown.level, reason, worse, better };
}

function bandwidthLevel({ availableOutgoing, limitation }: LinkFigures): Level {
  if (availableOutgoing === undefined || limitation !== "bandwidth") return "good";
  return availableOutgoing < 100_000 ? "poor" : availableOutgoing < 300_000 ? "weak" : "good";
}

function above(value: number, weak: number, poor: number): Level {
  return value >= poor ? "poor" : value >= weak ? "weak" : "good";
}
