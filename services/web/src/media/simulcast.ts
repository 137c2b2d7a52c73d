/** One encoding of a picture, in the order in which the offer names them: the smallest first. */
export interface Encoding {
  /** Undefined where there is but one. */
  readonly rid?: string;
  readonly scaleResolutionDownBy: number;
  readonly maxBitrate: number;
  readonly active: boolean;
}

// Chromium sends only the lowest encodings of a small picture, silently: with three encodings at 640x360 the whole
// picture would never be sent. So the scales follow the picture: the largest active encoding is always the whole one.
const LEAST_PIXELS_FOR_THREE = 960 * 540;
const LEAST_PIXELS_FOR_TWO = 480 * 270;

const RIDS = ["q", "h", "f"] as const;
const BITRATE = { small: 150_000, middle: 600_000, large: 2_000_000 };

/** The encodings of a shared screen. */
export const SCREEN_ENCODINGS: readonly Encoding[] = [{ scaleResolutionDownBy: 1, maxBitrate: 2_500_000, active: true }];

/** These encodings, with only those active that somebody wants; of a wanted one that there is not, the next lower. */
export function demanded(encodings: readonly Encoding[], layers: readonly number[]): Encoding[] {
  const possible = encodings.flatMap(({ active }, index) => (active ? [index] : []));
  const sent = new Set(layers.map((layer) => possible.findLast((index) => index <= layer) ?? possible[0]));
  return encodings.map((encoding, index) => ({ ...encoding, active: sent.has(index) }));
}

/** The encodings of a camera picture of this size, in pixels. */
export function encodingsFor(width: number, height: number): Encoding[] {
  const pixels = width * height;
  if (pixels >= LEAST_PIXELS_FOR_THREE) {
    return [
      { rid: RIDS[0], scaleResolutionDownBy: 4, maxBitrate: BITRATE.small, active: true },
      { rid: RIDS[1], scaleResolutionDownBy: 2, maxBitrate: BITRATE.middle, active: true },
      { rid: RIDS[2], scaleResolutionDownBy: 1, maxBitrate: BITRATE.large, active: true },
    ];
  }
  if (pixels >= LEAST_PIXELS_FOR_TWO) {
    return [
      { rid: RIDS[0], scaleResolutionDownBy: 2, maxBitrate: BITRATE.small, active: true },
      { rid: RIDS[1], scaleResolutionDownBy: 1, maxBitrate: BITRATE.middle, active: true },
      { rid: RIDS[2], scaleResolutionDownBy: 1, maxBitrate: BITRATE.large, active: false },
    ];
  }
  return [
    { rid: RIDS[0], scaleResolutionDownBy: 1, maxBitrate: BITRATE.middle, active: true },
    { rid: RIDS[1], scaleResolutionDownBy: 1, maxBitrate: BITRATE.middle, active: false },
    { rid: RIDS[2], scaleResolutionDownBy: 1, maxBitrate: BITRATE.large, active: false },
  ];
}
