import type { Bytes } from "../../../crypto/bytes.ts";
import { pictureTypeIn } from "./picturetype.ts";
import { MAX_PREVIEW } from "./sharedfile.ts";

/** A small picture, as an object carries it. */
export interface SentPreview {
  readonly data: Bytes;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
}

/** What is tried until the picture is small enough: the longer side in pixels, and the quality. */
const TRIES: readonly (readonly [side: number, quality: number])[] = [
  [560, 0.7],
  [560, 0.45],
  [400, 0.5],
  [280, 0.5],
  [160, 0.4],
];
const TYPE = "image/jpeg";
/** Decoding takes some four octets a pixel: larger files are shared without a picture. */
const MOST_OCTETS = 64 << 20;

/**
 * A small picture of an image, drawn anew, so that nothing of the image but what is seen is in it: no place, no device,
 * no date. Of a moving one, its beginning. Undefined for what is no picture or cannot be read.
 */
export async function previewOf(file: File): Promise<SentPreview | undefined> {
  if (file.size > MOST_OCTETS) return undefined;
  try {
    const type = await pictureTypeIn(file);
    if (type === undefined) return undefined;
    const image = await createImageBitmap(new Blob([file], { type }));
    try {
      return await small(image);
    } finally {
      image.close();
    }
  } catch {
    return undefined; // It is a file like any other, then.
  }
}

async function small(image: ImageBitmap): Promise<SentPreview | undefined> {
  for (const [side, quality] of TRIES) {
    const scale = Math.min(1, side / Math.max(image.width, image.height));
    const [width, height] = [image.width, image.height].map((each) => Math.max(1, Math.round(each * scale))) as [number, number];
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    if (context === null) return undefined;
    context.imageSmoothingQuality = "high";
    context.fillStyle = "white"; // What is transparent would be black.
    context.fillRect(0, 0, width, height);
    context.drawImage(image, 0, 0, width, height);
    const drawn = await canvas.convertToBlob({ type: TYPE, quality });
    if (drawn.size > MAX_PREVIEW) continue;
    return { data: new Uint8Array(await drawn.arrayBuffer()), mediaType: drawn.type, width, height };
  }
  return undefined;
}
