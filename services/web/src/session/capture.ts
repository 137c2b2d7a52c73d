import { signal } from "@preact/signals";

import type { CaptureKind, DeviceProblem, Opened } from "../media/devices.ts";
import type { DeviceList } from "./devicelist.ts";

/** Told when the open device is another one, or gone, without anybody having asked for it just now. */
export type CaptureChanged = (track: MediaStreamTrack | undefined, why: "chosen" | "lost" | "returned") => void;

/**
 * A microphone or camera, open or not: opens the wanted one, falls back to another when it is unplugged, goes back to
 * it when it returns, and tells what is wrong.
 */
export class Capture {
  readonly track = signal<MediaStreamTrack | undefined>(undefined);
  readonly problem = signal<DeviceProblem | undefined>(undefined);
  /** Whether the open device gives nothing at the moment: a switch at it, or the system, has silenced it. */
  readonly withheld = signal(false);

  readonly #kind: CaptureKind;
  readonly #open: (id: string) => Promise<Opened>;
  readonly #list: DeviceList;
  readonly #changed: CaptureChanged;
  #closed = false;
  #before: Promise<unknown> = Promise.resolve();

  /** open: opens the device with this id, or another where it is gone; "" for any. */
  constructor(
    kind: CaptureKind,
    open: (id: string) => Promise<Opened>,
    list: DeviceList,
    changed: CaptureChanged,
  ) {
    this.#kind = kind;
    this.#open = open;
    this.#list = list;
    this.#changed = changed;
  }

  /** The id of the open device; "" while there is none. */
  get id(): string {
    return this.track.value?.getSettings().deviceId ?? "";
  }

  /** Opens the wanted device unless one is open, and returns what there is then. */
  open(): Promise<MediaStreamTrack | undefined> {
    return this.#alone(async () => {
      if (this.track.peek()?.readyState === "live") return this.track.peek();
      return this.#take(await this.#open(this.#wanted));
    });
  }

  /** Opens again, because another device is wanted or the same one differently. Does nothing while none is open. */
  reopen(): Promise<void> {
    return this.#alone(async () => {
      if (this.track.peek() !== undefined) await this.#exchange("chosen");
    });
  }

  /** Gives the device back. */
  release(): Promise<void> {
    return this.#alone(() => {
      this.#drop();
      return Promise.resolve();
    });
  }

  /** Gives the device back for good, also one that is still being asked for. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** The list of devices has changed: goes back to the wanted device when it returns. */
  listChanged(): Promise<void> {
    return this.#alone(async () => {
      const wanted = this.#wanted;
      if (this.track.peek() === undefined) {
        // Nothing is opened by being plugged in: who wants it presses.
        if (this.problem.peek() === "missing" && !this.#list.isEmpty(this.#kind)) this.problem.value = undefined;
      } else if (this.id !== wanted && this.#list.has(this.#kind, wanted)) {
        await this.#exchange("returned");
      }
    });
  }

  get #wanted(): string {
    return this.#list.wanted(this.#kind);
  }

  async #exchange(why: "chosen" | "lost" | "returned"): Promise<void> {
    // First the old one: a telephone gives out one camera at a time.
    this.track.peek()?.stop();
    const track = this.#take(await this.#open(this.#wanted));
    if (!this.#closed) this.#changed(track, why);
  }

  #take(opened: Opened): MediaStreamTrack | undefined {
    this.problem.value = "problem" in opened ? opened.problem : undefined;
    this.withheld.value = false;
    if ("problem" in opened) {
      this.track.value = undefined;
      return undefined;
    }
    const { track } = opened;
    if (this.#closed) {
      track.stop();
      return undefined;
    }
    track.addEventListener("ended", () => void this.#ended(track), { once: true });
    track.addEventListener("mute", () => this.#withhold(track, true));
    track.addEventListener("unmute", () => this.#withhold(track, false));
    this.withheld.value = track.muted;
    this.track.value = track;
    void this.#list.refresh(); // Now the browser tells the devices' names.
    return track;
  }

  #withhold(track: MediaStreamTrack, withheld: boolean): void {
    if (this.track.peek() === track) this.withheld.value = withheld;
  }

  /** Unplugged, or taken away by the person in the browser's own bar, who is not asked again then. */
  #ended(ended: MediaStreamTrack): Promise<void> {
    return this.#alone(async () => {
      if (this.track.peek() !== ended) return;
      await this.#list.refresh();
      if (this.#list.has(this.#kind, ended.getSettings().deviceId ?? "")) {
        this.#drop();
        this.problem.value = "stopped";
        this.#changed(undefined, "lost");
      } else {
        await this.#exchange("lost");
      }
    });
  }

  #drop(): void {
    this.track.peek()?.stop();
    this.track.value = undefined;
    this.withheld.value = false;
  }

  /** One thing after the other. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#before.then(work);
    this.#before = result.catch(() => undefined);
    return result;
  }
}
