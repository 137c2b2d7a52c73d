import { QualityLevel, QualityReason, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import { texts } from "../i18n/index.ts";
import type { Level } from "../media/quality.ts";
import { isReconnecting } from "../protocol/roster.ts";

/** What there is to say about somebody else's connection. */
export interface Trouble {
  readonly level: Exclude<Level, "good">;
  /** In two or three words. */
  readonly short: string;
  /** Whose it is, and what one notices of it. */
  readonly whole: string;
}

/** What is wrong with somebody's connection; undefined while it is good, or lost, which is said elsewhere. */
export function troubleOf(participant: Participant): Trouble | undefined {
  const { quality, displayName } = participant;
  if (quality === undefined || isReconnecting(participant)) return undefined;
  const { cameraPaused } = quality;
  const isPoor = quality.level === QualityLevel.POOR;
  if (!isPoor && quality.level !== QualityLevel.WEAK && !cameraPaused) return undefined;
  const notice = cameraPaused ? texts.theirCameraPaused : noticeOf(quality.reason);
  const short = isPoor ? texts.connectionPoor : texts.connectionWeak;
  const whose = isPoor ? texts.theirConnectionPoor(displayName) : texts.theirConnectionWeak(displayName);
  return { level: isPoor ? "poor" : "weak", short, whole: notice === "" ? whose : `${whose} ${notice}` };
}

function noticeOf(reason: QualityReason): string {
  switch (reason) {
    case QualityReason.LOSS:
      return texts.theirLoss;
    case QualityReason.DELAY:
      return texts.theirDelay;
    case QualityReason.BANDWIDTH:
      return texts.theirBandwidth;
    default:
      return "";
  }
}
