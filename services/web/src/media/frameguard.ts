import type { SourceKind } from "../gen/conclave/v1/meetings_pb.js";

/**
 * Has every encoded frame pass the worker that holds the meeting's keys. Both are called right after the transceiver is
 * made: where a transform is set later, one browser delivers nothing. Without it nothing may be sent or played.
 */
export interface FrameGuard {
  sends(sender: RTCRtpSender, kind: SourceKind): void;
  /** slot: its place among the slots of the connection. */
  receives(receiver: RTCRtpReceiver, slot: number): void;
}
