import type { PlacedTile } from "./tiles.ts";

export type Direction = "left" | "right" | "up" | "down";

/** A step to the side counts for more than one ahead, so that an arrow keeps to its row or column. */
const SIDEWAYS = 3;

/** The tile that lies next to another in a direction on the screen; undefined at the edge. */
export function neighbourOf(placed: readonly PlacedTile[], key: string, direction: Direction): string | undefined {
  const from = placed.find((each) => each.tile.key === key);
  if (from === undefined) return placed[0]?.tile.key;
  let best: { readonly key: string; readonly far: number } | undefined;
  for (const each of placed) {
    const [ahead, aside] = distances(from, each, direction);
    if (ahead <= 0) continue;
    const far = ahead + SIDEWAYS * aside;
    if (best === undefined || far < best.far) best = { key: each.tile.key, far };
  }
  return best?.key;
}

function distances(from: PlacedTile, to: PlacedTile, direction: Direction): [ahead: number, aside: number] {
  const across = centre(to).x - centre(from).x;
  const down = centre(to).y - centre(from).y;
  switch (direction) {
    case "left":
      return [-across, Math.abs(down)];
    case "right":
      return [across, Math.abs(down)];
    case "up":
      return [-down, Math.abs(across)];
    case "down":
      return [down, Math.abs(across)];
  }
}

function centre({ place }: PlacedTile): { x: number; y: number } {
  return { x: place.left + place.width / 2, y: place.top + place.height / 2 };
}
