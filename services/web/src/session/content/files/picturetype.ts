/** What each kind of picture that is shown begins with. Nothing that can hold a script, a link or a style is among them. */
const BEGINNINGS: readonly (readonly [type: string, beginning: RegExp])[] = [
  ["image/png", /^\x89PNG\r\n\x1a\n/u],
  ["image/jpeg", /^\xff\xd8\xff/u],
  ["image/gif", /^GIF8[79]a/u],
  ["image/webp", /^RIFF[^]{4}WEBP/u],
];
const LONGEST = 12;

/** The media type that a file's own octets tell; undefined for what is not shown. */
export async function pictureTypeIn(file: Blob): Promise<string | undefined> {
  return pictureTypeOf(new Uint8Array(await file.slice(0, LONGEST).arrayBuffer()));
}

/** The media type that a picture's own octets tell; undefined for what is not shown, whatever it calls itself. */
export function pictureTypeOf(octets: Uint8Array): string | undefined {
  const beginning = String.fromCharCode(...octets.subarray(0, LONGEST));
  return BEGINNINGS.find(([, pattern]) => pattern.test(beginning))?.[0];
}
