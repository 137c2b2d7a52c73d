import type { CaptureKind } from "./devices.ts";

/** Calls back whenever the person allows this kind of device. Browsers that can't tell never call. */
export async function whenAllowed(kind: CaptureKind, allowed: () => void): Promise<void> {
  try {
    const status = await navigator.permissions.query({ name: kind });
    status.addEventListener("change", () => status.state === "granted" && allowed());
  } catch {
    // No Permissions API, or none for devices: "Try again" is left.
  }
}
