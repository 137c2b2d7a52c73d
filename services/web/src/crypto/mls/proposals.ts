import type { ClientState } from "ts-mls/clientState.js";
import type { Proposal } from "ts-mls/proposal.js";
import type { UnappliedProposals } from "ts-mls/unappliedProposals.js";

export interface ToCommit {
  /** What others have proposed and the commit takes. */
  readonly byReference: UnappliedProposals;
  readonly byValue: readonly Proposal[];
}

/**
 * What a commit of this client contains. A commit may remove each leaf once, may not remove its committer, and may not
 * update a leaf that it removes (RFC 9420 section 12.2): proposals that would break it stay out.
 */
export function proposalsToCommit(state: ClientState, added: readonly Proposal[], remove: ReadonlySet<number>): ToCommit {
  const own = state.privatePath.leafIndex;
  const removed = new Set<number>();
  const chosen = Object.entries(state.unappliedProposals).filter(([, { proposal }]) => {
    if (proposal.proposalType !== "remove") return true;
    const leaf = proposal.remove.removed;
    if (leaf === own || removed.has(leaf)) return false;
    removed.add(leaf);
    return true;
  });
  const left = [...remove].filter((leaf) => !removed.has(leaf));
  for (const leaf of left) removed.add(leaf);
  const updated = new Set<number>();
  const kept = chosen.filter(([, { proposal, senderLeafIndex }]) => {
    if (proposal.proposalType !== "update" || senderLeafIndex === undefined) return true;
    if (senderLeafIndex === own || removed.has(senderLeafIndex) || updated.has(senderLeafIndex)) return false;
    updated.add(senderLeafIndex);
    return true;
  });
  const removals = left.map((leaf): Proposal => ({ proposalType: "remove", remove: { removed: leaf } }));
  return { byReference: Object.fromEntries(kept), byValue: [...removals, ...added] };
}
