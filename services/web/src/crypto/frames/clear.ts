/** The codecs of end-to-end rooms: browsers' packetizers leave the bytes of these alone. */
export type Codec = "opus" | "vp8" | "vp9";

const VP8_KEY_FRAME = 10;
const VP8_DELTA_FRAME = 3;

/**
 * How many bytes at the start of a frame stay readable, which packetizers and the appliance need: those of VP8's
 * uncompressed header (RFC 6386 section 9.1). Sender and receiver both tell it from the frame's first byte.
 *
 * Returns undefined if the frame ends within them.
 */
export function clearSize(codec: Codec, frame: Uint8Array): number | undefined {
  if (codec !== "vp8") return 0;
  const first = frame[0];
  if (first === undefined) return undefined;
  const size = (first & 1) === 0 ? VP8_KEY_FRAME : VP8_DELTA_FRAME;
  return frame.length < size ? undefined : size;
}
