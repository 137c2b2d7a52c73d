/** One picture that the layout wants. */
export interface Wish {
  readonly sourceId: string;
  /** How high it is shown, physical pixels. */
  readonly maxHeight: number;
}

/** What one slot shall show; an empty sourceId for nothing. */
export interface Assignment {
  readonly mid: string;
  readonly sourceId: string;
  readonly maxHeight: number;
}

/** Size changes below this share of the old size ask for nothing: they would rarely choose another layer. */
const WORTH_TELLING = 0.1;

/**
 * Gives wishes to slots. A source keeps the slot that it has, so that its picture goes on without a switch.
 *
 * mids: the video slots there are; wishes: most wanted first, as many as there are slots are met; before: the last
 * assignment of each slot. Returns one assignment a slot, in the order of mids.
 */
export function assignSlots(
  mids: readonly string[],
  wishes: readonly Wish[],
  before: ReadonlyMap<string, Assignment>,
): Assignment[] {
  const met = new Map(wishes.slice(0, mids.length).map((wish) => [wish.sourceId, wish]));
  const kept = new Set<string>();
  const assigned = new Map<string, Wish>();
  for (const mid of mids) {
    const wish = met.get(before.get(mid)?.sourceId ?? "");
    if (wish === undefined || kept.has(wish.sourceId)) continue;
    kept.add(wish.sourceId);
    assigned.set(mid, wish);
  }
  const waiting = [...met.values()].filter((wish) => !kept.has(wish.sourceId));
  return mids.map((mid) => {
    const wish = assigned.get(mid) ?? waiting.shift();
    return { mid, sourceId: wish?.sourceId ?? "", maxHeight: wish?.maxHeight ?? 0 };
  });
}

/** The assignments that the appliance has to be told, given what it was told before. */
export function changedAssignments(now: readonly Assignment[], before: ReadonlyMap<string, Assignment>): Assignment[] {
  return now.filter((assignment) => {
    const told = before.get(assignment.mid);
    if (told === undefined || told.sourceId !== assignment.sourceId) return true;
    return Math.abs(told.maxHeight - assignment.maxHeight) > WORTH_TELLING * told.maxHeight;
  });
}
