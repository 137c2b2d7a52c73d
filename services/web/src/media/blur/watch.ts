/** What becomes of a frame of the camera: its outline is found, all of it is blurred, or it is not shown at all. */
export type FrameFate = "outline" | "blur" | "drop";
/** Why it can't go on: the computer is too slow, or the model gives nothing. */
export type BlurTrouble = "slow" | "failed";

/** For how long the others' picture waits for an outline before all of it is blurred. */
const PATIENCE_MS = 300;
const START_MS = 30_000;
const LOST_MS = 4_000;
/** The first outlines are slow on any computer. */
const WARM_UP_MS = 2_000;
const WATCHED_MS = 5_000;
const LEAST_A_SECOND = 10;
/** Of the camera's frames: one that gives few itself is no sign of a slow computer. */
const LEAST_SHARE = 0.8;
/** Readings of the encoder, every two seconds. */
const STARVED_READINGS = 3;
/** Longer without a question and the computer slept, or the page was hidden: that says nothing of its speed. */
const PAUSE_MS = 2_500;

/**
 * Decides what of a camera may be shown while its background is to be blurred. No frame is ever shown clear but with
 * its own outline; without one, all of it is blurred.
 */
export class BlurWatch {
  #startedMs: number;
  #ready = false;
  #askedMs: number | undefined;
  /** Whether frames after the one that is asked about have been shown. */
  #overtaken = false;
  #beforeMs: number;
  #countedFromMs: number | undefined;
  #frames = 0;
  #outlines = 0;
  #starvedReadings = 0;

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
    this.#beforeMs = nowMs;
  }

  /** The model can be asked. */
  ready(nowMs: number): void {
    this.#ready = true;
    this.#countFrom(nowMs + WARM_UP_MS);
  }

  frame(nowMs: number): FrameFate {
    this.#passOver(nowMs);
    if (!this.#ready) return "blur";
    if (this.#isCounting(nowMs)) this.#frames += 1;
    if (this.#askedMs === undefined) {
      this.#askedMs = nowMs;
      this.#overtaken = false;
      return "outline";
    }
    if (nowMs - this.#askedMs <= PATIENCE_MS) return "drop";
    this.#overtaken = true;
    return "blur";
  }

  /** The outline came. Returns whether its frame may still be shown. */
  outlined(nowMs: number): boolean {
    this.#askedMs = undefined;
    if (this.#isCounting(nowMs)) this.#outlines += 1;
    return !this.#overtaken;
  }

  /** What the encoder said of itself. */
  encoderRead(starved: boolean): void {
    this.#starvedReadings = starved ? this.#starvedReadings + 1 : 0;
  }

  /** Why it can't go on, if so. */
  trouble(nowMs: number): BlurTrouble | undefined {
    this.#passOver(nowMs);
    if (!this.#ready) return nowMs - this.#startedMs > START_MS ? "failed" : undefined;
    if (this.#askedMs !== undefined && nowMs - this.#askedMs > LOST_MS) return "failed";
    if (this.#starvedReadings >= STARVED_READINGS) return "slow";
    if (this.#countedFromMs === undefined || nowMs - this.#countedFromMs < WATCHED_MS) return undefined;
    const seconds = (nowMs - this.#countedFromMs) / 1000;
    const tooFew = this.#outlines < LEAST_A_SECOND * seconds && this.#outlines < LEAST_SHARE * this.#frames;
    this.#countFrom(nowMs);
    return tooFew ? "slow" : undefined;
  }

  /** Takes a pause out of all that is timed. */
  #passOver(nowMs: number): void {
    const pauseMs = nowMs - this.#beforeMs;
    this.#beforeMs = nowMs;
    if (pauseMs <= PAUSE_MS) return;
    this.#startedMs += pauseMs;
    if (this.#askedMs !== undefined) this.#askedMs += pauseMs;
    this.#countFrom(nowMs + WARM_UP_MS);
  }

  #isCounting(nowMs: number): boolean {
    return this.#countedFromMs !== undefined && nowMs >= this.#countedFromMs;
  }

  #countFrom(ms: number): void {
    this.#countedFromMs = ms;
    this.#frames = 0;
    this.#outlines = 0;
  }
}
