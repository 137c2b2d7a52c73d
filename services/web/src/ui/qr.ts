import encodeQR from "qr";

/** ISO/IEC 18004: four modules of light around the code. */
const QUIET = 4;

/** A QR code to be drawn: how wide and high it is, and the outline of what is dark, in modules. */
export interface QrDrawing {
  readonly size: number;
  readonly outline: string;
}

/** Draws a text as a QR code; one rectangle for each run of dark modules in a row. */
export function drawQr(text: string): QrDrawing {
  const modules = encodeQR(text, "raw", { ecc: "low", border: QUIET });
  const runs = modules.flatMap((row, y) =>
    [...row.map((dark) => (dark ? "1" : "0")).join("").matchAll(/1+/g)].map(
      ({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`,
    ),
  );
  return { size: modules.length, outline: runs.join("") };
}
