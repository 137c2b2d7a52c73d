const WIDTH = 640;
const HEIGHT = 360;
const FRAMES_PER_SECOND = 20;
/** How many pixels each side of a grain has: fine enough to fill any bit rate, coarse enough to be encoded quickly. */
const GRAIN = 2;
/** The noise is larger than the picture by this much, so that no picture is like the one before. */
const ROOM = 128;
const MOST_RANDOM_BYTES = 65_536;

/** A drawn picture that no encoder can make small: what of it arrives tells how much a network carries. */
export class Noise {
  readonly track: MediaStreamTrack;
  #drawn = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    const picture = canvas.getContext("2d");
    const [track] = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks();
    if (picture === null || track === undefined) throw new Error("this browser can't draw");
    this.track = track;
    const noise = noiseOf(WIDTH / GRAIN + ROOM, HEIGHT / GRAIN + ROOM);
    picture.imageSmoothingEnabled = false;
    const draw = (): void => {
      const left = Math.floor(Math.random() * ROOM);
      const top = Math.floor(Math.random() * ROOM);
      picture.drawImage(noise, left, top, WIDTH / GRAIN, HEIGHT / GRAIN, 0, 0, WIDTH, HEIGHT);
      this.#drawn += 1;
    };
    draw();
    this.#timer = setInterval(draw, 1000 / FRAMES_PER_SECOND);
  }

  /** How many pictures were drawn so far: far fewer than due when the computer is busy, or the tab is not in front. */
  get drawn(): number {
    return this.#drawn;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.track.stop();
  }
}

function noiseOf(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const picture = canvas.getContext("2d");
  const image = picture?.createImageData(width, height);
  if (image === undefined) return canvas;
  for (let start = 0; start < image.data.length; start += MOST_RANDOM_BYTES) {
    crypto.getRandomValues(image.data.subarray(start, start + MOST_RANDOM_BYTES));
  }
  for (let i = 3; i < image.data.length; i += 4) image.data[i] = 255;
  picture?.putImageData(image, 0, 0);
  return canvas;
}
