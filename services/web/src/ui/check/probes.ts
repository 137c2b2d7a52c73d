import { texts } from "../../i18n/index.ts";
import type { Finding } from "./finding.ts";

/** One thing that a meeting needs, and that is looked at by itself. */
export interface Probe {
  readonly id: string;
  readonly name: () => string;
  /** What to do when it is missing. */
  readonly advice: () => string;
  /** Resolves with what was measured, empty for nothing; rejects when it does not work. */
  readonly run: () => Promise<string>;
}

const PATIENCE_MS = 8000;
/** Less than the smallest picture and a voice need, bits a second. */
const LEAST_SPEED = 250_000;
const LOADS = 4;

/** All of them, in the order in which they are told. */
export const PROBES: readonly Probe[] = [
  { id: "secure", name: () => texts.checkSecure, advice: () => texts.checkSecureFailed, run: async () => must(isSecureContext) },
  { id: "webrtc", name: () => texts.checkWebRtc, advice: () => texts.checkWebRtcFailed, run: async () => must("RTCPeerConnection" in window) },
  { id: "codecs", name: () => texts.checkCodecs, advice: () => texts.checkCodecsFailed, run: codecs },
  { id: "encryption", name: () => texts.checkEncryption, advice: () => texts.checkEncryptionFailed, run: async () => must("RTCRtpScriptTransform" in window) },
  { id: "microphone", name: () => texts.checkMicrophone, advice: () => texts.checkMicrophoneFailed, run: () => device({ audio: true }) },
  { id: "camera", name: () => texts.checkCamera, advice: () => texts.checkCameraFailed, run: () => device({ video: true }) },
  { id: "reach", name: () => texts.checkReach, advice: () => texts.checkReachFailed, run: reach },
  { id: "speed", name: () => texts.checkSpeed, advice: () => texts.checkSpeedFailed, run: speed },
];

export async function findingOf(probe: Probe): Promise<Finding> {
  try {
    const measured = await probe.run();
    return { state: "works", text: measured === "" ? texts.passed : measured };
  } catch {
    return { state: "fails", text: probe.advice() };
  }
}

function must(works: boolean): string {
  if (!works) throw new Error("missing");
  return "";
}

async function codecs(): Promise<string> {
  const has = (kind: "audio" | "video", name: string): boolean =>
    RTCRtpReceiver.getCapabilities(kind)?.codecs.some((codec) => codec.mimeType.toLowerCase() === name) ?? false;
  return must(has("audio", "audio/opus") && has("video", "video/vp8"));
}

async function device(constraints: MediaStreamConstraints): Promise<string> {
  const stream = await navigator.mediaDevices.getUserMedia(constraints);
  const [track] = stream.getTracks();
  const label = track?.label ?? "";
  for (const each of stream.getTracks()) each.stop();
  return label;
}

/** Opens a WebSocket as a meeting does, and says nothing on it. */
function reach(): Promise<string> {
  const began = performance.now();
  const socket = new WebSocket(new URL("/signal", location.href.replace(/^http/, "ws")), "conclave.v1");
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("timed out")), PATIENCE_MS);
    socket.onopen = () => {
      clearTimeout(timer);
      resolve(texts.milliseconds(Math.round(performance.now() - began)));
    };
    socket.onerror = () => {
      clearTimeout(timer);
      reject(new Error("refused"));
    };
  }).finally(() => socket.close());
}

/** Loads the page's own script a few times. */
async function speed(): Promise<string> {
  const script = document.querySelector<HTMLScriptElement>("script[type=module][src]")?.src ?? "/manifest.json";
  const began = performance.now();
  let size = 0;
  for (let i = 0; i < LOADS; i++) {
    const response = await fetch(script, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    size += (await response.arrayBuffer()).byteLength;
  }
  const rate = (size * 8 * 1000) / (performance.now() - began);
  if (rate < LEAST_SPEED) throw new Error("slow");
  return texts.kilobits(Math.round(rate / 1000));
}
