import type { Bytes } from "../../../crypto/bytes.ts";
import { CONTENT_KEY_SIZE } from "../../../crypto/files/key.ts";
import type { FilePreview, SharedFile as Told } from "../../../gen/conclave/v1/content_pb.js";
import { pictureTypeOf } from "./picturetype.ts";
import { cleanName } from "./names.ts";

/** The most octets that a small picture of a file has. */
export const MAX_PREVIEW = 24_576;
const MAX_SIDE = 1024;
const ID = /^[a-z2-7]{16}$/u;

/** A file that somebody shared. */
export interface SharedFile {
  readonly id: string;
  /** As it may be shown and saved. */
  readonly name: string;
  readonly mediaType: string;
  /** Octets, before encryption. */
  readonly size: number;
  readonly contentKey: Bytes;
  readonly preview: Preview | undefined;
}

/** A small picture of an image. */
export interface Preview {
  readonly picture: Blob;
  readonly width: number;
  readonly height: number;
}

/** What an object of kind FILE tells; undefined when it tells of no file that could be read. */
export function sharedFileFrom({ fileId, name, mediaType, size, contentKey, preview }: Told): SharedFile | undefined {
  const isWhole = ID.test(fileId) && contentKey.length === CONTENT_KEY_SIZE && size <= BigInt(Number.MAX_SAFE_INTEGER);
  if (!isWhole) return undefined;
  const shown = preview === undefined ? undefined : previewFrom(preview);
  const own = contentKey.slice();
  return { id: fileId, name: cleanName(name), mediaType, size: Number(size), contentKey: own, preview: shown };
}

/** The picture, if it is one of a kind that is shown: whoever shared it may have put anything there. */
function previewFrom({ data, width, height }: FilePreview): Preview | undefined {
  const type = pictureTypeOf(data);
  const isSmall = data.length <= MAX_PREVIEW && [width, height].every((side) => side > 0 && side <= MAX_SIDE);
  if (type === undefined || !isSmall) return undefined;
  return { picture: new Blob([data.slice()], { type }), width, height };
}
