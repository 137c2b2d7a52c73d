import type { JSX } from "preact";

import { drawQr } from "./qr.ts";

/** A text as a QR code, black on white in both themes, so that every reader takes it. */
export function QrCode({ text, name }: { text: string; name: string }): JSX.Element {
  const { size, outline } = drawQr(text);
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={name}>
      <rect class="qr-light" width={size} height={size} />
      <path class="qr-dark" d={outline} />
    </svg>
  );
}
