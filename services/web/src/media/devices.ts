/** Why a device can't be used: the person or browser said no, there is none, or something else holds it. */
export type DeviceProblem = "blocked" | "missing" | "busy";

export type Opened = { readonly track: MediaStreamTrack } | { readonly problem: DeviceProblem };

const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};
const MICROPHONE: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export function openMicrophone(): Promise<Opened> {
  return open({ audio: MICROPHONE });
}

export function openCamera(): Promise<Opened> {
  return open({ video: CAMERA });
}

/** What the person chose to share; undefined when they chose nothing. */
export async function openScreen(): Promise<{ video: MediaStreamTrack; audio: MediaStreamTrack | null } | undefined> {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: true });
    const [video] = stream.getVideoTracks();
    if (video === undefined) return undefined;
    video.contentHint = "detail";
    return { video, audio: stream.getAudioTracks()[0] ?? null };
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}

async function open(constraints: MediaStreamConstraints): Promise<Opened> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    const [track] = stream.getTracks();
    return track === undefined ? { problem: "missing" } : { track };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

function problemOf(error: unknown): DeviceProblem {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "blocked";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "missing";
}
