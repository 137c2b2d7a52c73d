import { computed, signal } from "@preact/signals";

import { listDevices, NO_DEVICES, type Device, type DeviceKind, type DeviceLists, type MediaPort } from "../media/devices.ts";
import type { MediaPreferences } from "./mediapreferences.ts";

/** Which devices there are, kept up to date, and which of them the person wants. */
export class DeviceList {
  readonly all = signal<DeviceLists>(NO_DEVICES);
  /** The speaker to use: the wanted one while it is there, "" for the one that the system chooses. */
  readonly speakerId = computed(() => {
    const wanted = this.#preferences.wanted.speaker.value;
    return this.all.value.speaker.some(({ id }) => id === wanted) ? wanted : "";
  });

  readonly #port: MediaPort;
  readonly #preferences: MediaPreferences;

  /** changed: called after devices were plugged in or out. */
  constructor(port: MediaPort, preferences: MediaPreferences, changed: () => void) {
    this.#port = port;
    this.#preferences = preferences;
    port.addEventListener("devicechange", () => void this.refresh().then(changed));
  }

  async refresh(): Promise<void> {
    this.all.value = await listDevices(this.#port);
  }

  wanted(kind: DeviceKind): string {
    return this.#preferences.wanted[kind].peek();
  }

  has(kind: DeviceKind, id: string): boolean {
    return id !== "" && this.find(kind, id) !== undefined;
  }

  isEmpty(kind: DeviceKind): boolean {
    return this.all.peek()[kind].length === 0;
  }

  find(kind: DeviceKind, id: string): Device | undefined {
    return this.all.peek()[kind].find((device) => device.id === id);
  }
}
