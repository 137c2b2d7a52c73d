import type { Size } from "./composer.ts";

/** A frame of the camera, valid until the callback that was given it returns. */
export interface CameraFrame {
  readonly picture: CanvasImageSource;
  readonly size: Size;
  /** Microseconds. */
  readonly timestamp: number;
}

/** Frames out of a track, and other frames into another. */
export interface FrameLine {
  /** What was put in. */
  readonly track: MediaStreamTrack;
  put(picture: OffscreenCanvas, timestamp: number): void;
  close(): void;
}
export type OpenFrameLine = (camera: MediaStreamTrack, took: (frame: CameraFrame) => void) => FrameLine;

/** Of Chromium, which tells a page's frames also while nobody looks at the page. Not in TypeScript's own types. */
interface Streams {
  readonly MediaStreamTrackProcessor?: new (init: { track: MediaStreamTrack }) => { readonly readable: ReadableStream<VideoFrame> };
  readonly MediaStreamTrackGenerator?: new (init: { kind: "video" }) => MediaStreamTrack & { readonly writable: WritableStream<VideoFrame> };
}

/** Whether this browser can hand a camera's frames to a page and take others. */
export function canTakeFrames(): boolean {
  const elements = "requestVideoFrameCallback" in HTMLVideoElement.prototype && "captureStream" in HTMLCanvasElement.prototype;
  return typeof OffscreenCanvas !== "undefined" && (elements || "MediaStreamTrackGenerator" in globalThis);
}

export const openFrameLine: OpenFrameLine = (camera, took) => {
  const { MediaStreamTrackProcessor: Processor, MediaStreamTrackGenerator: Generator } = globalThis as Streams;
  if (Processor === undefined || Generator === undefined) return throughElements(camera, took);
  const reader = new Processor({ track: camera }).readable.getReader();
  const track = sizedAs(camera, new Generator({ kind: "video" }));
  const writer = track.writable.getWriter();
  void readAll(reader, took);
  return {
    track,
    put(picture, timestamp) {
      if (track.readyState === "ended") return;
      const frame = new VideoFrame(picture, { timestamp });
      writer.write(frame).catch(() => frame.close()); // The track was stopped meanwhile.
    },
    close() {
      void reader.cancel().catch(() => undefined);
      track.stop();
    },
  };
};

async function readAll(reader: ReadableStreamDefaultReader<VideoFrame>, took: (frame: CameraFrame) => void): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    try {
      took({ picture: value, size: { width: value.displayWidth, height: value.displayHeight }, timestamp: value.timestamp });
    } finally {
      value.close();
    }
  }
}

/** Plays the track where nobody sees it, and films a canvas. */
function throughElements(camera: MediaStreamTrack, took: (frame: CameraFrame) => void): FrameLine {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([camera]);
  const next = (now: number): void => {
    const size = { width: video.videoWidth, height: video.videoHeight };
    if (size.width > 0) took({ picture: video, size, timestamp: now * 1000 });
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
  video.play().catch(() => undefined); // It was closed before it began.

  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const [filmed] = canvas.captureStream().getVideoTracks();
  if (context === null || filmed === undefined) throw new Error("this browser films no canvas");
  const track = sizedAs(camera, filmed);
  return {
    track,
    put(picture) {
      if (canvas.width !== picture.width) canvas.width = picture.width;
      if (canvas.height !== picture.height) canvas.height = picture.height;
      context.drawImage(picture, 0, 0);
    },
    close() {
      video.srcObject = null;
      track.stop();
    },
  };
}

/** Has a track tell its size before its first frame, from which the browser learns it: layers are made for it at once. */
function sizedAs<T extends MediaStreamTrack>(camera: MediaStreamTrack, track: T): T {
  const known = track.getSettings.bind(track);
  const { width, height } = camera.getSettings();
  return Object.assign(track, {
    getSettings: () => {
      const settings = known();
      return (settings.width ?? 0) > 0 ? settings : { ...settings, width, height };
    },
  });
}
