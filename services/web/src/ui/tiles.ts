import { SourceKind, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import { activeSource, type Roster } from "../protocol/roster.ts";
import type { Wish } from "../protocol/slots.ts";
import { gridLayout, pictureHeight, ratiosFor, speakerLayout, type Rectangle, type Size } from "./layout.ts";

/** What one tile stands for: a person, or the screen that a person shares. */
export interface Tile {
  /** Unique among the tiles, and the same from one layout to the next. */
  readonly key: string;
  readonly participant: Participant;
  readonly isScreen: boolean;
  readonly isSelf: boolean;
  /** The picture to show; undefined while there is none. */
  readonly sourceId: string | undefined;
}

/** A tile and its place. */
export interface PlacedTile {
  readonly tile: Tile;
  readonly place: Rectangle;
}

/** The tiles of a meeting: shared screens first, then people in the order in which they joined. */
export function tilesOf(roster: Roster): Tile[] {
  const screens: Tile[] = [];
  const people: Tile[] = [];
  for (const participant of roster.participants) {
    const isSelf = participant.id === roster.selfId;
    const screen = activeSource(participant, SourceKind.SCREEN);
    const camera = activeSource(participant, SourceKind.CAMERA);
    if (screen !== undefined) {
      screens.push({ key: `${participant.id}/screen`, participant, isScreen: true, isSelf, sourceId: screen.id });
    }
    people.push({ key: participant.id, participant, isScreen: false, isSelf, sourceId: camera?.id });
  }
  return [...screens, ...people];
}

/** The tile that gets the large place: the one pinned, or else the first shared screen of somebody else. */
export function mainTile(tiles: readonly Tile[], pinnedKey: string | undefined): Tile | undefined {
  return tiles.find((tile) => tile.isScreen && !tile.isSelf) ?? tiles.find((tile) => tile.key === pinnedKey);
}

/** Where the tiles go. In the speaker view those that find no room in the filmstrip are left out. */
export function placeTiles(
  tiles: readonly Tile[],
  main: Tile | undefined,
  speakerIds: readonly string[],
  stage: Size,
  window: Size,
): PlacedTile[] {
  if (stage.width === 0 || stage.height === 0) return [];
  if (main === undefined) return paired(tiles, gridLayout(tiles.length, stage, ratiosFor(window)));
  const places = speakerLayout(tiles.length, stage, window);
  const others = tiles.filter((tile) => tile !== main);
  return paired([main, ...filmstrip(others, places.length - 1, speakerIds)], places);
}

/** Who is in a filmstrip with this many places: whoever speaks, oneself, and as many others as fit; order kept. */
function filmstrip(tiles: readonly Tile[], places: number, speakerIds: readonly string[]): readonly Tile[] {
  if (tiles.length <= places) return tiles;
  const rank = (tile: Tile): number => {
    const speaking = speakerIds.indexOf(tile.participant.id);
    return tile.isSelf ? -1 : speaking >= 0 ? speaking : speakerIds.length;
  };
  const seen = new Set([...tiles].sort((a, b) => rank(a) - rank(b)).slice(0, places));
  return tiles.filter((tile) => seen.has(tile));
}

function paired(tiles: readonly Tile[], places: readonly Rectangle[]): PlacedTile[] {
  return places.flatMap((place, index) => {
    const tile = tiles[index];
    return tile === undefined ? [] : [{ tile, place }];
  });
}

/** The pictures that the placed tiles want, most wanted first: what is large, what speaks, then the order on stage. */
export function wishesFor(placed: readonly PlacedTile[], speakerIds: readonly string[], pixelRatio: number): Wish[] {
  const speaking = new Set(speakerIds);
  const rank = ({ tile }: PlacedTile): number => (tile.isScreen ? 0 : speaking.has(tile.participant.id) ? 1 : 2);
  const wanted = placed.filter(({ tile }) => !tile.isSelf && tile.sourceId !== undefined);
  const large = wanted.filter((each) => each === placed[0]);
  const rest = wanted.filter((each) => each !== placed[0]).sort((a, b) => rank(a) - rank(b));
  return [...large, ...rest].map(({ tile, place }) => ({
    sourceId: tile.sourceId ?? "",
    maxHeight: pictureHeight(place, !tile.isScreen, pixelRatio),
  }));
}
