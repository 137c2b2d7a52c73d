import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface PictureProps {
  readonly track: MediaStreamTrack | undefined;
  /** Own camera: people know themselves from mirrors. */
  readonly mirrored?: boolean;
  /** Screens are never cut. */
  readonly whole?: boolean;
}

/** The moving picture of a track, without sound. */
export function Picture({ track, mirrored = false, whole = false }: PictureProps): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    element.srcObject = track === undefined ? null : new MediaStream([track]);
    if (track !== undefined) element.play().catch(() => undefined); // Refused only while the page is hidden.
    return () => {
      element.srcObject = null;
    };
  }, [track]);
  const classes = ["picture", mirrored ? "mirrored" : "", whole ? "whole" : ""].filter(Boolean).join(" ");
  return <video ref={video} class={classes} muted autoplay playsInline disablePictureInPicture aria-hidden="true" />;
}
