import { create } from "@bufbuild/protobuf";

import {
  ConnectionQualitySchema,
  QualityLevel,
  QualityReason,
  type ConnectionQuality,
  type Participant,
} from "../gen/conclave/v1/meetings_pb.js";
import type { Level, Quality, QualityReason as Reason } from "../media/quality.ts";
import type { Request } from "../protocol/connection.ts";

const LEVELS: Record<Level, QualityLevel> = {
  good: QualityLevel.GOOD,
  weak: QualityLevel.WEAK,
  poor: QualityLevel.POOR,
};
const REASONS: Partial<Record<Reason, QualityReason>> = {
  lossUp: QualityReason.LOSS,
  delay: QualityReason.DELAY,
  bandwidthUp: QualityReason.BANDWIDTH,
};

/** Keeps the appliance told of how good the person's own connection is. */
export class QualityReport {
  readonly #request: Request;
  /** Undefined while it is not known whether the appliance has heard it. */
  #told: ConnectionQuality | undefined;

  constructor(request: Request) {
    this.#request = request;
  }

  /** The person is in the meeting, where this is told of them. */
  entered(self: Participant | undefined): void {
    this.#told = self?.quality;
  }

  /** Says it when it is another than before. What fails is said at the next call. */
  tell({ level, reason }: Quality, cameraPaused: boolean): void {
    const quality = create(ConnectionQualitySchema, {
      level: LEVELS[level],
      reason: REASONS[reason] ?? QualityReason.UNSPECIFIED,
      cameraPaused,
    });
    if (this.#told !== undefined && isSame(this.#told, quality)) return;
    this.#told = quality;
    this.#request({ case: "reportQuality", value: { quality } }).catch(() => {
      if (this.#told === quality) this.#told = undefined;
    });
  }
}

function isSame(one: ConnectionQuality, other: ConnectionQuality): boolean {
  return one.level === other.level && one.reason === other.reason && one.cameraPaused === other.cameraPaused;
}
