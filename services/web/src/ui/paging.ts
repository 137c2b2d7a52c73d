/** Which of the people in order a page shows. */
export interface Span {
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
}

/** The order as it was, without whoever left, and with whoever came at its end. */
export function keptOrder(before: readonly string[], present: readonly string[]): string[] {
  const here = new Set(present);
  const known = new Set(before);
  return [...before.filter((id) => here.has(id)), ...present.filter((id) => !known.has(id))];
}

/**
 * The order in which whoever speaks is on the page: each of them who is not takes the place of whoever on it has been
 * silent the longest, and the other way round. Nobody else moves.
 *
 * speakerIds: who speaks now; recentIds: who has spoken, the last one first; selfId: whoever looks on, who keeps the
 * place.
 */
export function broughtIn(
  order: readonly string[],
  page: Span,
  speakerIds: readonly string[],
  recentIds: readonly string[],
  selfId: string,
): string[] {
  const result = [...order];
  for (const speaker of speakerIds) {
    const from = result.indexOf(speaker);
    if (from < 0 || (from >= page.first && from < page.end) || speaker === selfId) continue;
    const silent = longestSilent(result.slice(page.first, page.end), [...speakerIds, selfId], recentIds);
    if (silent === undefined) break;
    result[result.indexOf(silent)] = speaker;
    result[from] = silent;
  }
  return result;
}

function longestSilent(
  seen: readonly string[],
  excepted: readonly string[],
  recentIds: readonly string[],
): string | undefined {
  const silence = (id: string): number => {
    const at = recentIds.indexOf(id);
    return at < 0 ? recentIds.length : at;
  };
  return seen
    .filter((id) => !excepted.includes(id))
    .reduce<string | undefined>((worst, id) => (worst === undefined || silence(id) >= silence(worst) ? id : worst), undefined);
}

/** A page, which of the people it shows, and how many pages there are. */
export interface Part extends Span {
  readonly page: number;
  readonly pages: number;
}

/** The page's part of n people; a page that is past the end is the last one. */
export function pageOf(n: number, capacity: number, wanted: number): Part {
  const pages = Math.max(1, Math.ceil(n / capacity));
  const page = Math.min(Math.max(wanted, 0), pages - 1);
  return { page, pages, first: page * capacity, end: Math.min(n, (page + 1) * capacity) };
}
