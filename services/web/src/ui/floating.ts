import type { Size } from "./layout.ts";
import { isRightToLeft } from "./rtl.ts";
import { inside, type Corner } from "./scene.ts";
import type { Direction } from "./steps.ts";
import type { View } from "./view.ts";

/** How far an arrow moves the tile, CSS pixels. */
const STEP = 24;

/** Moves one's own tile by the keyboard. */
export function moveFloating(view: View, direction: Direction, stage: Size): void {
  const steps: Record<Direction, readonly [number, number]> = {
    left: [-STEP, 0],
    right: [STEP, 0],
    up: [0, -STEP],
    down: [0, STEP],
  };
  view.corner.value = inside(moved(inside(view.corner.value, stage), ...steps[direction]), stage);
}

/** Lets a pointer drag one's own tile until it lets go. */
export function dragFloating(down: PointerEvent, view: View, stage: Size): void {
  const tile = down.currentTarget;
  if (!(tile instanceof HTMLElement) || (down.target instanceof Element && down.target.closest("button") !== null)) return;
  const from = inside(view.corner.value, stage);
  const drag = (event: PointerEvent): void => {
    view.corner.value = inside(moved(from, event.clientX - down.clientX, event.clientY - down.clientY), stage);
  };
  const letGo = (): void => {
    tile.removeEventListener("pointermove", drag);
    tile.classList.remove("dragged");
  };
  tile.setPointerCapture(down.pointerId);
  tile.classList.add("dragged");
  tile.addEventListener("pointermove", drag);
  tile.addEventListener("lostpointercapture", letGo, { once: true });
}

/** across, down: how far on the screen. */
function moved(corner: Corner, across: number, down: number): Corner {
  return { end: corner.end - (isRightToLeft() ? -across : across), bottom: corner.bottom - down };
}
