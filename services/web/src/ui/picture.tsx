import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { streamOf } from "../media/streams.ts";
import { mayCover } from "./layout.ts";

interface PictureProps {
  readonly track: MediaStreamTrack | undefined;
  /** Own camera: people know themselves from mirrors. */
  readonly mirrored?: boolean;
  /** Screens are never cut. */
  readonly whole?: boolean;
  /** Width to height of where it is shown: what would lose too much to that shape is shown whole. */
  readonly ratio?: number;
  /** Called when the first frame of the track can be seen, and with false before it. */
  readonly seen?: (seen: boolean) => void;
}

/** The moving picture of a track, without sound. */
export function Picture({ track, mirrored = false, whole = false, ratio, seen }: PictureProps): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  const own = useSignal<number | undefined>(undefined);
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    const resized = (): void => {
      if (element.videoWidth === 0 || element.videoHeight === 0) return;
      own.value = element.videoWidth / element.videoHeight;
      seen?.(true);
    };
    seen?.(false);
    element.addEventListener("resize", resized);
    element.srcObject = track === undefined ? null : streamOf(track);
    if (track !== undefined) element.play().catch(() => undefined); // Refused only while the page is hidden.
    return () => {
      element.removeEventListener("resize", resized);
      element.srcObject = null;
    };
  }, [track, own, seen]);
  const fits = whole || (ratio !== undefined && own.value !== undefined && !mayCover(own.value, ratio));
  const classes = ["picture", mirrored ? "mirrored" : "", fits ? "whole" : ""].filter(Boolean).join(" ");
  return <video ref={video} class={classes} muted autoplay playsInline disablePictureInPicture aria-hidden="true" />;
}
