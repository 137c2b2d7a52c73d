import type { Participant } from "../gen/conclave/v1/meetings_pb.js";
import {
  gridLayout,
  isPhone,
  PADDING,
  pageCapacity,
  ratiosFor,
  roomBesidePager,
  speakerLayout,
  type Rectangle,
  type Size,
} from "./layout.ts";
import { pageOf, type Part, type Span } from "./paging.ts";
import type { PlacedTile, Tile } from "./tiles.ts";

/** Everything on the stage and where it is. */
export interface Scene {
  readonly placed: readonly PlacedTile[];
  /** The key of the tile that has the large place; undefined in the grid. */
  readonly mainKey: string | undefined;
  /** On a phone, where one's own tile floats over the others. */
  readonly floatingKey: string | undefined;
  /** The last cell of a filmstrip that has no room for everybody. */
  readonly more: { readonly place: Rectangle; readonly people: readonly Participant[] } | undefined;
  readonly page: number;
  readonly pages: number;
}

/** How far the floating tile is from the lower end corner of the stage, CSS pixels. */
export interface Corner {
  readonly end: number;
  readonly bottom: number;
}

export const FLOATING: Size = { width: 92, height: 124 };
const NOTHING: Scene = { placed: [], mainKey: undefined, floatingKey: undefined, more: undefined, page: 0, pages: 1 };

/** The grid, of which a page is shown. tiles: in their order; page: counted from 0. */
export function gridScene(tiles: readonly Tile[], page: number, stage: Size, window: Size, corner: Corner): Scene {
  if (isEmpty(stage)) return NOTHING;
  const { floating, seated } = floatingApart(tiles, window);
  const { part, room } = partOf(seated.length, page, stage, window);
  const shown = seated.slice(part.first, part.end);
  const places = gridLayout(shown.length, room, ratiosFor(window));
  const placed = paired(shown, places.map((place) => ({ ...place, left: place.left + room.left })));
  if (floating !== undefined) placed.push({ tile: floating, place: floatingPlace(corner, room) });
  return { ...NOTHING, placed, floatingKey: floating?.key, page: part.page, pages: part.pages };
}

/** Which of the people in order the page of the grid shows: what precedes them are screens. */
export function peopleOnPage(tiles: readonly Tile[], page: number, stage: Size, window: Size): Span {
  const { floating, seated } = floatingApart(tiles, window);
  const screens = seated.filter((tile) => tile.isScreen).length;
  const { part } = partOf(seated.length, page, stage, window);
  // Places in the order count oneself, who has none on the page while floating.
  const self = floating === undefined ? Number.POSITIVE_INFINITY : tiles.indexOf(floating) - screens;
  const inOrder = (seat: number): number => {
    const place = Math.max(0, seat - screens);
    return place >= self ? place + 1 : place;
  };
  return { first: inOrder(part.first), end: inOrder(part.end) };
}

/** One large tile and a filmstrip with oneself, whoever spoke last, and as many others as fit; their order is kept. */
export function speakerScene(
  tiles: readonly Tile[],
  main: Tile | undefined,
  recentIds: readonly string[],
  stage: Size,
  window: Size,
): Scene {
  if (isEmpty(stage) || main === undefined) return NOTHING;
  const [large, ...strip] = speakerLayout(tiles.length, stage, window);
  const others = tiles.filter((tile) => tile !== main);
  const all = others.length <= strip.length;
  const seen = all ? others : mostWanted(others, strip.length - 1, recentIds);
  const placed = paired([main, ...seen], large === undefined ? [] : [large, ...strip]);
  const last = strip.at(-1);
  const people = others.filter((tile) => !seen.includes(tile)).map((tile) => tile.participant);
  return { ...NOTHING, placed, mainKey: main.key, more: all || last === undefined ? undefined : { place: last, people } };
}

/** Which of n seats the page shows, and the room for them: all of the stage, or what the pager leaves of it. */
function partOf(n: number, page: number, stage: Size, window: Size): { part: Part; room: Rectangle } {
  const ratios = ratiosFor(window);
  const whole = { left: 0, top: 0, ...stage };
  const all = pageOf(n, pageCapacity(whole, ratios), page);
  if (all.pages === 1) return { part: all, room: whole };
  const room = roomBesidePager(stage, window);
  return { part: pageOf(n, pageCapacity(room, ratios), page), room };
}

function mostWanted(tiles: readonly Tile[], places: number, recentIds: readonly string[]): readonly Tile[] {
  const rank = (tile: Tile): number => {
    const spoke = recentIds.indexOf(tile.participant.id);
    if (tile.isSelf && !tile.isScreen) return -1;
    return spoke < 0 ? recentIds.length : spoke;
  };
  const seen = new Set([...tiles].sort((a, b) => rank(a) - rank(b)).slice(0, places));
  return tiles.filter((tile) => seen.has(tile));
}

function floatingApart(tiles: readonly Tile[], window: Size): { floating: Tile | undefined; seated: readonly Tile[] } {
  const self = tiles.find((tile) => tile.isSelf && !tile.isScreen);
  if (!isPhone(window) || self === undefined || tiles.length === 1) return { floating: undefined, seated: tiles };
  return { floating: self, seated: tiles.filter((tile) => tile !== self) };
}

/** A corner inside the stage, as near as can be to the one that is wanted. */
export function inside(corner: Corner, stage: Size): Corner {
  const within = (value: number, room: number): number => Math.max(PADDING, Math.min(value, room - PADDING));
  return {
    end: within(corner.end, stage.width - FLOATING.width),
    bottom: within(corner.bottom, stage.height - FLOATING.height),
  };
}

function floatingPlace(corner: Corner, stage: Size): Rectangle {
  const { end, bottom } = inside(corner, stage);
  const left = stage.width - FLOATING.width - end;
  return { left, top: stage.height - FLOATING.height - bottom, ...FLOATING };
}

function paired(tiles: readonly Tile[], places: readonly Rectangle[]): PlacedTile[] {
  return places.flatMap((place, index) => {
    const tile = tiles[index];
    return tile === undefined ? [] : [{ tile, place }];
  });
}

function isEmpty(stage: Size): boolean {
  return stage.width === 0 || stage.height === 0;
}
