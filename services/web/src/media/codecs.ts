import { VideoCodec } from "../gen/conclave/v1/signalling_pb.js";

/** Codecs that an m-line offers, the one that it begins with first. */
export type Offered = readonly string[];

export const VOICE: Offered = ["audio/opus"];
export const CAMERA: Offered = ["video/VP8", "video/rtx"];
/** A screen may go over to VP9 once the appliance says that all decode it. A slot shows either. */
export const SCREEN: Offered = ["video/VP8", "video/VP9", "video/rtx"];

/** A slot of a managed room shows devices that send nothing else, too. */
export const ANY_PICTURE: Offered = [...SCREEN, "video/H264"];

const NAMES: Partial<Record<VideoCodec, string>> = { [VideoCodec.VP8]: "video/VP8", [VideoCodec.VP9]: "video/VP9" };

/** Offers only the codecs that a meeting uses, which makes the offer several times smaller. */
export function preferring(codecs: Offered, transceiver: RTCRtpTransceiver): RTCRtpTransceiver {
  const kind = codecs === VOICE ? "audio" : "video";
  const possible = RTCRtpReceiver.getCapabilities(kind)?.codecs.filter(isTaken) ?? [];
  const preferred = codecs.flatMap((name) => possible.filter(({ mimeType }) => mimeType === name));
  if (preferred.length > 0 && "setCodecPreferences" in transceiver) transceiver.setCodecPreferences(preferred);
  return transceiver;
}

/** Whether this browser decodes H.264 as devices send it. */
export function showsH264(): boolean {
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  return codecs.some((codec) => codec.mimeType === "video/H264" && isTaken(codec));
}

/** This codec as an encoding takes it, if it is one of several that were negotiated; otherwise there is nothing to choose. */
export function chosen(parameters: RTCRtpSendParameters, codec: VideoCodec): RTCRtpCodec | undefined {
  // Before the answer there are none.
  const pictures = parameters.codecs.filter(({ mimeType }) => Object.values(NAMES).includes(mimeType));
  return pictures.length > 1 ? pictures.find(({ mimeType }) => mimeType === NAMES[codec]) : undefined;
}

function isTaken({ mimeType, sdpFmtpLine = "" }: RTCRtpCodec): boolean {
  // RFC 6184 section 8.1: the baseline, in packets of any size.
  if (mimeType === "video/H264") return /profile-level-id=42/.test(sdpFmtpLine) && /packetization-mode=1/.test(sdpFmtpLine);
  // RFC 9628 section 6: no profile-id means profile 0, the one that every decoder of VP9 has.
  return !/profile-id=[1-9]/.test(sdpFmtpLine);
}
