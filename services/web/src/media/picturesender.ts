import { VideoCodec } from "../gen/conclave/v1/signalling_pb.js";
import { chosen } from "./codecs.ts";
import { demanded, type Encoding } from "./simulcast.ts";

const EVERY_LAYER: readonly number[] = [0, 1, 2];

/** Sends one picture: its track, in those of the encodings which fit it that somebody looks at. */
export class PictureSender {
  readonly #sender: RTCRtpSender;
  readonly #encodingsFor: (width: number, height: number) => readonly Encoding[];
  #layers = EVERY_LAYER;
  #codec = VideoCodec.VP8;
  /** One after the other: parameters can only be set from the ones that were read last. */
  #done: Promise<void> = Promise.resolve();

  /** encodingsFor: the encodings of a picture of some size, in the order of the sender's. */
  constructor(sender: RTCRtpSender, encodingsFor: (width: number, height: number) => readonly Encoding[]) {
    this.#sender = sender;
    this.#encodingsFor = encodingsFor;
  }

  /** The track has changed. */
  fit(): Promise<void> {
    return this.#next();
  }

  /** These layers are looked at from now on, by people who can all decode this codec. */
  want(layers: readonly number[], codec: VideoCodec): Promise<void> {
    this.#layers = layers;
    this.#codec = codec;
    return this.#next();
  }

  #next(): Promise<void> {
    const done = this.#done.then(() => this.#apply());
    this.#done = done.catch(() => undefined);
    return done;
  }

  async #apply(): Promise<void> {
    const { track } = this.#sender;
    if (track === null) return; // The next track brings its own size.
    const { width = 1280, height = 720 } = track.getSettings();
    const encodings = demanded(this.#encodingsFor(width, height), this.#layers);
    const parameters = this.#sender.getParameters();
    const codec = chosen(parameters, this.#codec);
    parameters.encodings.forEach((encoding, index) => {
      const { scaleResolutionDownBy, maxBitrate, active } = encodings[index] ?? { active: false };
      Object.assign(encoding, { scaleResolutionDownBy, maxBitrate, active }, codec && { codec });
    });
    await this.#sender.setParameters(parameters);
  }
}
