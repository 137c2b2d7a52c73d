const INTERVAL_MS = 100;

let context: AudioContext | undefined;
/** How many tracks are watched: without any, the context sleeps, for one that runs keeps a thread and a device busy. */
let watched = 0;

/**
 * Tells how loud a track is, ten times a second: root mean square of the last samples, 0 to 1. It listens to a copy, so
 * that it hears also while the track itself is muted; the copy is never sent. It calls nothing while the browser does
 * not let the page process sound, which it does once the person has pressed something. Returns what stops it.
 */
export function watchLevel(track: MediaStreamTrack, heard: (level: number) => void): () => void {
  const sound = (context ??= makeContext());
  watched += 1;
  void sound.resume();
  const copy = track.clone();
  copy.enabled = true;
  const source = sound.createMediaStreamSource(new MediaStream([copy]));
  const analyser = sound.createAnalyser();
  analyser.fftSize = 2048;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    if (sound.state !== "running") return;
    analyser.getFloatTimeDomainData(samples);
    heard(rootMeanSquare(samples));
  }, INTERVAL_MS);
  return () => {
    clearInterval(timer);
    source.disconnect();
    copy.stop();
    watched -= 1;
    if (watched === 0) void sound.suspend();
  };
}

function makeContext(): AudioContext {
  const made = new AudioContext();
  const resume = (): void => {
    if (watched > 0 && made.state === "suspended") void made.resume();
  };
  for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, resume);
  return made;
}

function rootMeanSquare(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length);
}
