import { signal } from "@preact/signals";

import { figuresBetween, type LinkFigures, type LinkSample } from "../media/linkstatistics.ts";
import { FINE, judge, judgeOwnWay, steadied, type SteadyQuality } from "../media/quality.ts";
import type { Clock } from "../protocol/ports.ts";
import { afterFigures, insisting, NO_AUSTERITY, type Austerity } from "./bandwidth.ts";

export const READING_MS = 2000;

/** What is watched: nothing to read while no media flows. */
export interface WatchedLink {
  sample(): Promise<LinkSample | undefined>;
  cameraOn(): boolean;
}

/** Reads the connection every two seconds, judges it, and decides what is given up so that voices get through. */
export class LinkWatch {
  readonly figures = signal<LinkFigures | undefined>(undefined);
  readonly quality = signal<SteadyQuality>(FINE);
  /** What the others are told of it. */
  readonly ownWay = signal<SteadyQuality>(FINE);
  readonly austerity = signal<Austerity>(NO_AUSTERITY);

  readonly #link: WatchedLink;
  readonly #clock: Clock;
  #before: LinkSample | undefined;
  #cancel: (() => void) | undefined;

  constructor(link: WatchedLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** Starts reading; goes on until `stop`. */
  start(): void {
    this.#cancel ??= this.#clock.after(READING_MS, () => void this.#read());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** The transport is another, or was away: what was counted says nothing of it. */
  startAfresh(): void {
    this.#before = undefined;
    this.figures.value = undefined;
    this.quality.value = FINE;
    this.ownWay.value = FINE;
  }

  /** The person wants the camera sent all the same. */
  sendCameraAnyway(): void {
    this.austerity.value = insisting(this.austerity.peek());
  }

  async #read(): Promise<void> {
    const sample = await this.#link.sample().catch(() => undefined);
    if (this.#cancel === undefined) return; // Stopped meanwhile.
    if (sample === undefined) this.startAfresh();
    else if (this.#before !== undefined) this.#note(figuresBetween(this.#before, sample), sample.atMs - this.#before.atMs);
    this.#before = sample;
    this.#cancel = this.#clock.after(READING_MS, () => void this.#read());
  }

  #note(figures: LinkFigures, elapsedMs: number): void {
    this.figures.value = figures;
    this.quality.value = steadied(this.quality.peek(), judge(figures));
    this.ownWay.value = steadied(this.ownWay.peek(), judgeOwnWay(figures));
    this.austerity.value = afterFigures(this.austerity.peek(), figures, elapsedMs, this.#link.cameraOn());
  }
}
