import { Composer } from "./composer.ts";
import { openFrameLine, type CameraFrame, type FrameLine } from "./frames.ts";
import type { Outliner, StartOutliner } from "./outliner.ts";
import { BlurWatch, type BlurTrouble } from "./watch.ts";

/** A camera's track with everything blurred but the person. */
export interface BlurredCamera {
  readonly track: MediaStreamTrack;
  /** What the encoder of the track said of itself. */
  encoderRead(starved: boolean): void;
  close(): void;
}

/** troubled: called once, when it can't go on; the track shows nothing new then. Throws where the browser can't. */
export type BlurCamera = (camera: MediaStreamTrack, troubled: (why: BlurTrouble) => void) => BlurredCamera;

/** How often trouble is looked for when no frame comes. */
const LOOK_MS = 1_000;

export const blurCamera: BlurCamera = (camera, troubled) => new Blurring(camera, troubled);

class Blurring implements BlurredCamera {
  readonly #watch = new BlurWatch(performance.now());
  readonly #composer = new Composer();
  readonly #line: FrameLine;
  readonly #troubled: (why: BlurTrouble) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #outliner: Outliner | undefined;
  #heldTimestamp = 0;
  #closed = false;

  constructor(camera: MediaStreamTrack, troubled: (why: BlurTrouble) => void) {
    this.#troubled = troubled;
    this.#line = openFrameLine(camera, (frame) => this.#took(frame));
    // Loaded when it is first wanted, with all that belongs to it.
    import("./outliner.ts").then(
      ({ startOutliner }) => this.#start(startOutliner),
      () => this.#end("failed"),
    );
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  get track(): MediaStreamTrack {
    return this.#line.track;
  }

  encoderRead(starved: boolean): void {
    this.#watch.encoderRead(starved);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#line.close();
    this.#outliner?.close();
  }

  #start(startOutliner: StartOutliner): void {
    if (this.#closed) return;
    this.#outliner = startOutliner({
      ready: () => this.#watch.ready(performance.now()),
      masked: (mask) => this.#masked(mask),
      failed: () => this.#end("failed"),
    });
  }

  #took({ picture, size, timestamp }: CameraFrame): void {
    if (this.#closed) return;
    const fate = this.#watch.frame(performance.now());
    if (fate === "blur") this.#line.put(this.#composer.blurred(picture, size), timestamp);
    else if (fate === "outline") {
      this.#heldTimestamp = timestamp;
      this.#outliner?.give(this.#composer.hold(picture, size));
    }
  }

  #masked(mask: ImageData["data"]): void {
    if (this.#closed) return;
    if (this.#watch.outlined(performance.now())) this.#line.put(this.#composer.masked(mask), this.#heldTimestamp);
  }

  #look(): void {
    const why = this.#watch.trouble(performance.now());
    if (why !== undefined) this.#end(why);
  }

  #end(why: BlurTrouble): void {
    if (this.#closed) return;
    this.close();
    this.#troubled(why);
  }
}
