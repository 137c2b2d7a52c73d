import { signal, type Signal } from "@preact/signals";

import type { BlurCamera, BlurredCamera } from "../media/blur/camera.ts";
import type { BlurTrouble } from "../media/blur/watch.ts";

/** What is shown of the camera: all of it, or the person with the background blurred. */
export class Background {
  /** Why it was switched off without the person's doing, until they have read it. */
  readonly trouble = signal<BlurTrouble | undefined>(undefined);

  readonly #wanted: Signal<boolean>;
  readonly #blur: BlurCamera;
  readonly #stopCamera: () => Promise<void>;
  #blurred: { readonly camera: MediaStreamTrack; readonly by: BlurredCamera } | undefined;

  /** stopCamera: nothing of the camera is shown from the call on; resolves when it is given back. */
  constructor(wanted: Signal<boolean>, blur: BlurCamera, stopCamera: () => Promise<void>) {
    this.#wanted = wanted;
    this.#blur = blur;
    this.#stopCamera = stopCamera;
  }

  /** What may be shown of the camera, now that this is its track. */
  of(camera: MediaStreamTrack | undefined): MediaStreamTrack | undefined {
    const wanted = this.#wanted.peek();
    if (wanted && this.#blurred !== undefined && this.#blurred.camera === camera) return this.#blurred.by.track;
    this.close();
    if (camera === undefined || !wanted) return camera;
    this.trouble.value = undefined;
    try {
      const by = this.#blur(camera, (why) => void this.#giveUp(why));
      this.#blurred = { camera, by };
      return by.track;
    } catch (error) {
      console.warn("the background could not be blurred:", error);
      void this.#giveUp("failed");
      return undefined;
    }
  }

  /** What the encoder said of itself. */
  encoderRead(starved: boolean): void {
    this.#blurred?.by.encoderRead(starved);
  }

  close(): void {
    this.#blurred?.by.close();
    this.#blurred = undefined;
  }

  /** Who believed the room hidden is not shown in it: the camera goes off with the blur, and only they turn it on again. */
  async #giveUp(why: BlurTrouble): Promise<void> {
    this.trouble.value = why;
    // The wish last: a camera that is being exchanged at this moment must still find it.
    await this.#stopCamera();
    this.#wanted.value = false;
  }
}
