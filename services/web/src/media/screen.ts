import type { MediaPort } from "./devices.ts";

/** What a shared screen mostly shows: text, kept sharp at few pictures a second, or motion, kept fluent. */
export type ScreenContent = "text" | "motion";

export interface SharedScreen {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack | null;
}

/** Screen Capture, W3C working draft, section 5.2: members that TypeScript's own type lacks. */
interface ScreenOptions extends DisplayMediaStreamOptions {
  readonly selfBrowserSurface: "include" | "exclude";
  readonly surfaceSwitching: "include" | "exclude";
  readonly systemAudio: "include" | "exclude";
}

const FRAME_RATES: Record<ScreenContent, number> = { text: 10, motion: 30 };
// mst-content-hint: "text" keeps the size and lets the rate fall when bits are few, "motion" the other way round.
const HINTS: Record<ScreenContent, string> = { text: "text", motion: "motion" };

/** What the person chose to share, with its sound where the browser can; undefined when they chose nothing. */
export async function openScreen(port: MediaPort, content: ScreenContent): Promise<SharedScreen | undefined> {
  const options: ScreenOptions = {
    video: { frameRate: { max: FRAME_RATES[content] } },
    // As it is played: what cleans voices would spoil music.
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    // A meeting that shows itself is an endless corridor.
    selfBrowserSurface: "exclude",
    surfaceSwitching: "include",
    systemAudio: "include",
  };
  try {
    const stream = await port.getDisplayMedia(options);
    const [video] = stream.getVideoTracks();
    if (video === undefined) return undefined;
    video.contentHint = HINTS[content];
    return { video, audio: stream.getAudioTracks()[0] ?? null };
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}

/** Changes what a screen that is already shared is treated as. */
export async function treatAs(video: MediaStreamTrack, content: ScreenContent): Promise<void> {
  video.contentHint = HINTS[content];
  await video.applyConstraints({ frameRate: { max: FRAME_RATES[content] } });
}
