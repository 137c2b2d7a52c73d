const SAMPLE_RATE = 24_000;
/** Two notes, a fifth apart, so that it is heard as a signal and not as a fault. */
const NOTES_HZ = [440, 660];
const NOTE_SECONDS = 0.4;
const FADE_SECONDS = 0.03;
const LOUDNESS = 0.3;
const HEADER_SIZE = 44;

/** The test tone as a WAV file (RIFF, PCM, one channel of 16 bits). */
export function tone(): Uint8Array<ArrayBuffer> {
  const perNote = Math.round(SAMPLE_RATE * NOTE_SECONDS);
  const size = perNote * NOTES_HZ.length * 2;
  const bytes = new Uint8Array(HEADER_SIZE + size);
  const view = new DataView(bytes.buffer);
  writeHeader(view, size);
  NOTES_HZ.forEach((hz, index) => {
    for (let i = 0; i < perNote; i++) {
      const fade = Math.min(1, i / SAMPLE_RATE / FADE_SECONDS, (perNote - 1 - i) / SAMPLE_RATE / FADE_SECONDS);
      const sample = Math.sin((2 * Math.PI * hz * i) / SAMPLE_RATE) * LOUDNESS * fade;
      view.setInt16(HEADER_SIZE + (index * perNote + i) * 2, Math.round(sample * 0x7fff), true);
    }
  });
  return bytes;
}

function writeHeader(view: DataView, size: number): void {
  const text = (at: number, value: string): void => {
    [...value].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  };
  text(0, "RIFF");
  view.setUint32(4, HEADER_SIZE - 8 + size, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // The size of the format that follows.
  view.setUint16(20, 1, true); // PCM.
  view.setUint16(22, 1, true); // Channels.
  view.setUint32(24, SAMPLE_RATE, true);
  view.setUint32(28, SAMPLE_RATE * 2, true);
  view.setUint16(32, 2, true); // Bytes a frame.
  view.setUint16(34, 16, true); // Bits a sample.
  text(36, "data");
  view.setUint32(40, size, true);
}
