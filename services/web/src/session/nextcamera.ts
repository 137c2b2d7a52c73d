import type { Device } from "../media/devices.ts";

/** The camera in place of the one in use: the first that looks the other way, else the next one. */
export function nextCamera(cameras: readonly Device[], inUse: string): Device | undefined {
  const at = cameras.findIndex(({ id }) => id === inUse);
  const others = [...cameras.slice(at + 1), ...cameras.slice(0, Math.max(at, 0))];
  const facing = cameras[at]?.facing;
  const opposite = facing && others.find((camera) => camera.facing !== undefined && camera.facing !== facing);
  return opposite ?? others[0];
}
