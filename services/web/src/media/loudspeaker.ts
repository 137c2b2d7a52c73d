/** Plays the audio slots in elements that nobody sees. They are allowed to play because Join was pressed. */
export class Loudspeaker {
  #elements: HTMLAudioElement[] = [];

  play(tracks: readonly MediaStreamTrack[]): void {
    this.stop();
    this.#elements = tracks.map((track) => {
      const element = new Audio();
      element.srcObject = new MediaStream([track]);
      // A browser that still refuses plays after the next press: `resume`.
      element.play().catch(() => undefined);
      return element;
    });
  }

  /** Starts what the browser refused to start; to be called while the person presses something. */
  resume(): void {
    for (const element of this.#elements) if (element.paused) element.play().catch(() => undefined);
  }

  stop(): void {
    for (const element of this.#elements) {
      element.pause();
      element.srcObject = null;
    }
    this.#elements = [];
  }
}
