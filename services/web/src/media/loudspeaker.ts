import { streamOf } from "./streams.ts";
import { tone } from "./tone.ts";

/** Whether this browser lets a page choose where sound comes out. */
export const canChooseSpeaker = (): boolean => "setSinkId" in HTMLMediaElement.prototype;

/** Plays the audio slots in elements that nobody sees. They are allowed to play because Join was pressed. */
export class Loudspeaker {
  #elements: HTMLAudioElement[] = [];
  #speakerId = "";

  play(tracks: readonly MediaStreamTrack[]): void {
    this.stop();
    this.#elements = tracks.map((track) => {
      const element = new Audio();
      element.srcObject = streamOf(track);
      void direct(element, this.#speakerId);
      // A browser that still refuses plays after the next press: `resume`.
      element.play().catch(() => undefined);
      return element;
    });
  }

  /** Plays on this speaker from now on; "" is the one that the system chooses. */
  async useSpeaker(id: string): Promise<void> {
    this.#speakerId = id;
    await Promise.all(this.#elements.map((element) => direct(element, id)));
  }

  /** Plays two short notes on the chosen speaker, until they are over. Rejects when the browser does not play. */
  async playTestTone(): Promise<void> {
    const address = URL.createObjectURL(new Blob([tone()], { type: "audio/wav" }));
    try {
      const element = new Audio(address);
      await direct(element, this.#speakerId);
      const over = new Promise((resolve) => element.addEventListener("ended", resolve, { once: true }));
      await element.play();
      await over;
    } finally {
      URL.revokeObjectURL(address);
    }
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

/** A speaker that is gone is passed over: the sound comes out where the system sends it. */
async function direct(element: HTMLMediaElement, speakerId: string): Promise<void> {
  if (!canChooseSpeaker()) return;
  await element.setSinkId(speakerId).catch(() => element.setSinkId(""));
}
