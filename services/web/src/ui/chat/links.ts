/** A part of a text: plain, or a link shown in full. */
export interface TextPart {
  readonly text: string;
  /** Where it leads; undefined for plain text. */
  readonly href?: string;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"']+/giu;
/** What stands after an address more often than in it. */
const AFTER = /[.,;:!?…'"]+$/u;

/** Splits a text at its web addresses. Nothing else becomes a link, whatever it looks like. */
export function partsOf(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0]);
    const href = hrefOf(address);
    if (href === undefined) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

function trimmed(address: string): string {
  const bare = address.replace(AFTER, "");
  // A bracket that was opened before the address is closed after it.
  const isOpen = (bare.match(/\(/gu)?.length ?? 0) < (bare.match(/\)/gu)?.length ?? 0);
  return isOpen && bare.endsWith(")") ? trimmed(bare.slice(0, -1)) : bare;
}

function hrefOf(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  // A name and password before the host make one host look like another.
  if (url.username !== "" || url.password !== "") return undefined;
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined;
}
