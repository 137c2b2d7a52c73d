const streams = new WeakMap<MediaStreamTrack, MediaStream>();

/** The stream that has just this track; one a track, because Chromium keeps every one that was made for it. */
export function streamOf(track: MediaStreamTrack): MediaStream {
  let stream = streams.get(track);
  if (stream === undefined) {
    stream = new MediaStream([track]);
    streams.set(track, stream);
  }
  return stream;
}
