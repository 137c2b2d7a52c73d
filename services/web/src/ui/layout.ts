/** A place on the stage, CSS pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The lowest and highest width-to-height ratio of a tile, and whether one alone in the last row takes its width. */
export interface Ratios {
  readonly lowest: number;
  readonly highest: number;
  readonly lastSpans: boolean;
}

export const GAP = 8;
export const PADDING = 12;
const FILMSTRIP_WIDTH = 220;
const FILMSTRIP_HEIGHT = 96;
const LARGEST_PAGE = 49;
const LEAST_TILE_WIDTH = 150;
/** Of the bar that turns pages below the tiles of a phone. */
const PAGER_HEIGHT = 44;
/** Of each of the two columns beside the tiles elsewhere, one with either arrow. */
const PAGER_WIDTH = 56;
/** A picture that covers its tile loses at most this share of a side. */
const MOST_CUT = 0.25;
/** Below this share of difference two arrangements count as equally large. */
const AS_LARGE = 0.02;

/** Windows narrower than this are a phone's. */
const PHONE = 640;

export function isPhone(window: Size): boolean {
  return window.width < PHONE;
}

export function ratiosFor(window: Size): Ratios {
  if (isPhone(window)) return { lowest: 3 / 4, highest: 4 / 3, lastSpans: true };
  const isUpright = window.width < 1024 && window.height > window.width;
  return { lowest: isUpright ? 3 / 4 : 4 / 3, highest: 16 / 9, lastSpans: false };
}

/** How many tiles a page of the grid holds: the most that are not too narrow to tell people apart. */
export function pageCapacity(stage: Size, ratios: Ratios): number {
  // The narrowest phones have two columns too.
  const least = Math.min(LEAST_TILE_WIDTH, Math.floor((stage.width - 2 * PADDING - GAP) / 2));
  for (let n = LARGEST_PAGE; n > 1; n--) {
    if ((gridLayout(n, stage, ratios)[0]?.width ?? 0) >= least) return n;
  }
  return 1;
}

/** What is left of the stage where pages are turned. */
export function roomBesidePager(stage: Size, window: Size): Rectangle {
  if (isPhone(window)) return { left: 0, top: 0, width: stage.width, height: stage.height - PAGER_HEIGHT };
  return { left: PAGER_WIDTH, top: 0, width: stage.width - 2 * PAGER_WIDTH, height: stage.height };
}

/** Whether a picture may be cut to the shape of its tile; both are width to height. */
export function mayCover(picture: number, tile: number): boolean {
  return 1 - Math.min(picture / tile, tile / picture) <= MOST_CUT;
}

/** The largest equal tiles for n people on a stage, rows and block centred (the grid of the visual language). */
export function gridLayout(n: number, stage: Size, ratios: Ratios): Rectangle[] {
  if (n === 0) return [];
  const width = stage.width - 2 * PADDING;
  const height = stage.height - 2 * PADDING;
  let best = { area: 0, empty: 0, columns: 1, rows: n, tileWidth: 0, tileHeight: 0 };
  for (let columns = 1; columns <= n; columns++) {
    const rows = Math.ceil(n / columns);
    if ((rows - 1) * columns >= n) continue;
    const w = (width - (columns - 1) * GAP) / columns;
    const h = (height - (rows - 1) * GAP) / rows;
    if (w <= 0 || h <= 0) continue;
    const ratio = Math.min(Math.max(w / h, ratios.lowest), ratios.highest);
    const tileWidth = Math.min(w, h * ratio);
    const tileHeight = tileWidth / ratio;
    const area = tileWidth * tileHeight;
    const empty = columns * rows - n;
    const larger = area > best.area * (1 + AS_LARGE);
    const tidier = area >= best.area * (1 - AS_LARGE) && empty < best.empty;
    if (best.area === 0 || larger || tidier) best = { area, empty, columns, rows, tileWidth, tileHeight };
  }
  const { columns, rows } = best;
  const tileWidth = Math.floor(best.tileWidth);
  const tileHeight = Math.floor(best.tileHeight);
  const top = PADDING + (height - rows * tileHeight - (rows - 1) * GAP) / 2;
  return Array.from({ length: n }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, n - row * columns);
    const spans = ratios.lastSpans && inRow === 1;
    const rowTile = spans ? columns * tileWidth + (columns - 1) * GAP : tileWidth;
    const left = PADDING + (width - inRow * rowTile - (inRow - 1) * GAP) / 2;
    return {
      left: Math.round(left + (index - row * columns) * (tileWidth + GAP)),
      top: Math.round(top + row * (tileHeight + GAP)),
      width: rowTile,
      height: tileHeight,
    };
  });
}

/**
 * One large tile and a filmstrip beside it, below it on a narrow window. The first rectangle is the large one; those
 * of the strip that do not fit are left out.
 */
export function speakerLayout(n: number, stage: Size, window: Size): Rectangle[] {
  if (n === 0) return [];
  const below = window.width < 1024;
  const width = Math.max(0, stage.width - 2 * PADDING);
  const height = Math.max(0, stage.height - 2 * PADDING);
  const strip = n - 1;
  if (strip === 0) return [{ left: PADDING, top: PADDING, width, height }];
  if (below) {
    const tileWidth = Math.round((FILMSTRIP_HEIGHT * 4) / 3);
    const fitting = Math.min(strip, Math.max(1, Math.floor((width + GAP) / (tileWidth + GAP))));
    const top = PADDING + height - FILMSTRIP_HEIGHT;
    const start = PADDING + (width - fitting * tileWidth - (fitting - 1) * GAP) / 2;
    return [
      { left: PADDING, top: PADDING, width, height: Math.max(0, height - FILMSTRIP_HEIGHT - GAP) },
      ...Array.from({ length: fitting }, (_, index) => ({
        left: Math.round(start + index * (tileWidth + GAP)),
        top,
        width: tileWidth,
        height: FILMSTRIP_HEIGHT,
      })),
    ];
  }
  const tileHeight = Math.round((FILMSTRIP_WIDTH * 9) / 16);
  const fitting = Math.min(strip, Math.max(1, Math.floor((height + GAP) / (tileHeight + GAP))));
  const left = PADDING + width - FILMSTRIP_WIDTH;
  return [
    { left: PADDING, top: PADDING, width: Math.max(0, width - FILMSTRIP_WIDTH - GAP), height },
    ...Array.from({ length: fitting }, (_, index) => ({
      left,
      top: PADDING + index * (tileHeight + GAP),
      width: FILMSTRIP_WIDTH,
      height: tileHeight,
    })),
  ];
}

/**
 * How high a picture is drawn in a rectangle, physical pixels, supposing 16:9: one that covers the tile is drawn at
 * least as high as the tile, one that fits at most.
 */
export function pictureHeight(tile: Size, covers: boolean, pixelRatio: number): number {
  const byWidth = (tile.width * 9) / 16;
  const height = covers ? Math.max(tile.height, byWidth) : Math.min(tile.height, byWidth);
  return Math.round(height * pixelRatio);
}
