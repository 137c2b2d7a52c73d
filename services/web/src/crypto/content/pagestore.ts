import type { Bytes } from "../bytes.ts";
import type { Kept, VaultStore } from "./vault.ts";

/** For a browser that keeps nothing: all of it lasts as long as the page. */
export class PageVaultStore implements VaultStore {
  readonly #meetings = new Map<string, Kept>();
  readonly #keys = new Map<string, Map<string, Bytes>>();

  async meetings(): Promise<readonly Kept[]> {
    return [...this.#meetings.values()];
  }

  async keepMeeting(kept: Kept): Promise<Kept> {
    const { wrappingKey } = this.#meetings.get(kept.meeting) ?? kept;
    const there = { ...kept, wrappingKey };
    this.#meetings.set(kept.meeting, there);
    return there;
  }

  async keepKey(meeting: string, name: string, wrapped: Bytes): Promise<void> {
    if (!this.#meetings.has(meeting)) return;
    const keys = this.#keys.get(meeting) ?? new Map<string, Bytes>();
    this.#keys.set(meeting, keys.set(name, wrapped));
  }

  async keys(meeting: string): Promise<ReadonlyMap<string, Bytes>> {
    return this.#keys.get(meeting) ?? new Map();
  }

  async forget(meeting: string): Promise<void> {
    this.#meetings.delete(meeting);
    this.#keys.delete(meeting);
  }
}
