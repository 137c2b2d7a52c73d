import { SourceKind, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import { activeSource, type Roster } from "../protocol/roster.ts";
import type { Wish } from "../protocol/slots.ts";
import { mayCover, pictureHeight, type Rectangle } from "./layout.ts";

/** What one tile stands for: a person, or the screen that a person shares. */
export interface Tile {
  /** Unique among the tiles, and the same from one layout to the next. */
  readonly key: string;
  readonly participant: Participant;
  readonly isScreen: boolean;
  readonly isSelf: boolean;
  /** The picture to show; undefined while there is none. */
  readonly sourceId: string | undefined;
  /** Whether that picture comes in H.264, which not every browser shows. */
  readonly h264: boolean;
}

/** A tile and its place. */
export interface PlacedTile {
  readonly tile: Tile;
  readonly place: Rectangle;
}

/** The tiles of a meeting: shared screens first, then people in this order of their ids. */
export function tilesOf(roster: Roster, order: readonly string[] = []): Tile[] {
  const screens: Tile[] = [];
  const people: Tile[] = [];
  for (const participant of roster.participants) {
    const isSelf = participant.id === roster.selfId;
    const screen = activeSource(participant, SourceKind.SCREEN);
    const camera = activeSource(participant, SourceKind.CAMERA);
    if (screen !== undefined) {
      screens.push({ key: `${participant.id}/screen`, participant, isScreen: true, isSelf, sourceId: screen.id, h264: screen.h264 });
    }
    people.push({ key: participant.id, participant, isScreen: false, isSelf, sourceId: camera?.id, h264: camera?.h264 ?? false });
  }
  const rank = new Map(order.map((id, index) => [id, index]));
  people.sort((a, b) => (rank.get(a.key) ?? order.length) - (rank.get(b.key) ?? order.length));
  return [...screens, ...people];
}

/**
 * The tile that the speaker view shows large: a screen that somebody else shares, or else the one pinned, or whoever
 * spoke last, or whoever of the others is first.
 */
export function mainTile(
  tiles: readonly Tile[],
  pinnedKey: string | undefined,
  speakerId: string | undefined,
): Tile | undefined {
  const screens = tiles.filter((tile) => tile.isScreen && !tile.isSelf);
  return (
    screens.find((tile) => tile.key === pinnedKey) ??
    screens[0] ??
    tiles.find((tile) => tile.key === pinnedKey) ??
    tiles.find((tile) => tile.key === speakerId) ??
    tiles.find((tile) => !tile.isSelf) ??
    tiles[0]
  );
}

/**
 * The pictures that the placed tiles want, most wanted first: the main one, what speaks, then the order on stage.
 *
 * main: the key of the tile that has the large place, if any has.
 */
export function wishesFor(
  placed: readonly PlacedTile[],
  main: string | undefined,
  speakerIds: readonly string[],
  pixelRatio: number,
): Wish[] {
  const speaking = new Set(speakerIds);
  const rank = ({ tile }: PlacedTile): number => {
    if (tile.key === main) return 0;
    return tile.isScreen ? 1 : speaking.has(tile.participant.id) ? 2 : 3;
  };
  return placed
    .filter(({ tile }) => !tile.isSelf && tile.sourceId !== undefined)
    .sort((a, b) => rank(a) - rank(b))
    .map(({ tile, place }) => ({
      sourceId: tile.sourceId ?? "",
      maxHeight: pictureHeight(place, !tile.isScreen && mayCover(16 / 9, place.width / place.height), pixelRatio),
    }));
}
