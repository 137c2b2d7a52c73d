import { OUTLINE_HEIGHT, OUTLINE_WIDTH } from "./outline.ts";

interface Canvas {
  readonly canvas: OffscreenCanvas;
  readonly context: OffscreenCanvasRenderingContext2D;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Down to so few pixels that nothing can be made out, and up again in steps, which smooths better than one. */
const BLURRING: readonly Size[] = [
  { width: 64, height: 36 },
  { width: 32, height: 18 },
  { width: 64, height: 36 },
  { width: 128, height: 72 },
];

/** Makes the pictures that are shown: a whole frame blurred, or all of it but the person. */
export class Composer {
  readonly #small = canvasOf({ width: OUTLINE_WIDTH, height: OUTLINE_HEIGHT }, true);
  readonly #steps = BLURRING.map((size) => canvasOf(size, false));
  readonly #mask = canvasOf({ width: OUTLINE_WIDTH, height: OUTLINE_HEIGHT }, false);
  /** Never shown as it is. */
  #held = canvasOf({ width: 1, height: 1 }, false);
  #shown = canvasOf({ width: 1, height: 1 }, false);

  /** Keeps a frame until its mask is there, and gives it as the model wants it: small. */
  hold(frame: CanvasImageSource, size: Size): ImageData["data"] {
    fit(this.#held, size);
    this.#held.context.globalCompositeOperation = "copy";
    this.#held.context.drawImage(frame, 0, 0);
    draw(this.#held.canvas, this.#small);
    return this.#small.context.getImageData(0, 0, OUTLINE_WIDTH, OUTLINE_HEIGHT).data;
  }

  /** The frame that is held with everything blurred but what its mask shows. */
  masked(mask: ImageData["data"]): OffscreenCanvas {
    this.#mask.context.putImageData(new ImageData(mask, OUTLINE_WIDTH, OUTLINE_HEIGHT), 0, 0);
    const { canvas, context } = this.#held;
    context.globalCompositeOperation = "destination-in";
    context.drawImage(this.#mask.canvas, 0, 0, canvas.width, canvas.height);
    const shown = this.#blur(this.#small.canvas, canvas);
    shown.context.globalCompositeOperation = "source-over";
    shown.context.drawImage(canvas, 0, 0);
    return shown.canvas;
  }

  /** A frame with everything blurred. */
  blurred(frame: CanvasImageSource, size: Size): OffscreenCanvas {
    return this.#blur(frame, size).canvas;
  }

  #blur(frame: CanvasImageSource, size: Size): Canvas {
    fit(this.#shown, size);
    let from = frame;
    for (const step of [...this.#steps, this.#shown]) {
      draw(from, step);
      from = step.canvas;
    }
    return this.#shown;
  }
}

function draw(from: CanvasImageSource, { canvas, context }: Canvas): void {
  context.globalCompositeOperation = "copy";
  context.drawImage(from, 0, 0, canvas.width, canvas.height);
}

function fit({ canvas }: Canvas, { width, height }: Size): void {
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
}

function canvasOf({ width, height }: Size, willReadFrequently: boolean): Canvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently });
  if (context === null) throw new Error("this browser draws nothing");
  return { canvas, context };
}
