import type { Computer } from "./computer.ts";
import { Network } from "./network.ts";
import { readModel, UnusableModel } from "./tflite.ts";

/** The size of the pictures that the model looks at. */
export const OUTLINE_WIDTH = 256;
export const OUTLINE_HEIGHT = 144;

/** A pixel is the person's from this probability on, and shows entirely at the other. */
const BEGINS = 0.45;
const WHOLE = 0.75;

/** Finds where the person is in a picture. */
export class Outline {
  readonly #network: Network;

  /** model: the file. Throws UnusableModel, or RangeError where it is damaged. */
  constructor(model: ArrayBuffer, computer: Computer) {
    this.#network = new Network(readModel(model), computer);
    const { input, output } = this.#network;
    if (input.width !== OUTLINE_WIDTH || input.height !== OUTLINE_HEIGHT || input.channels !== 3) throw new UnusableModel("another input");
    if (output.width !== OUTLINE_WIDTH || output.height !== OUTLINE_HEIGHT || output.channels !== 1) throw new UnusableModel("another output");
  }

  /** Makes a picture (RGBA) its own mask: each pixel's opacity becomes how much of the person shows there. */
  mask(pixels: Uint8ClampedArray): void {
    const { input, output } = this.#network;
    for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
      input.data[to] = (pixels[from] as number) / 255;
      input.data[to + 1] = (pixels[from + 1] as number) / 255;
      input.data[to + 2] = (pixels[from + 2] as number) / 255;
    }
    this.#network.run();
    output.data.forEach((probability, at) => {
      pixels[4 * at + 3] = (255 * (probability - BEGINS)) / (WHOLE - BEGINS);
    });
  }
}
