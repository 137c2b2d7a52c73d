import type { LinkSample } from "../../src/media/linkstatistics.ts";

/** A connection over which nothing has gone yet. */
export const UNUSED_LINK: LinkSample = {
  atMs: 0,
  roundTripMs: 30,
  transport: "udp",
  availableOutgoing: undefined,
  heard: 0,
  bytesSent: 0,
  bytesReceived: 0,
  packetsSent: 0,
  packetsLostUp: 0,
  packetsReceived: 0,
  packetsLostDown: 0,
  jitterMs: 0,
  freezes: 0,
  limitation: "none",
};
