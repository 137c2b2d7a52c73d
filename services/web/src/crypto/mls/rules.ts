import type { Proposal } from "ts-mls/proposal.js";
import type { ProposalOrRef } from "ts-mls/proposalOrRefType.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import type { UnappliedProposals } from "ts-mls/unappliedProposals.js";
import { bytesToBase64 } from "ts-mls/util/byteArray.js";

import { equalBytes } from "../bytes.ts";
import { Refused } from "./refused.ts";
import type { Members } from "./roster.ts";

/** Where a group is. */
export interface Place {
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
}

const ALLOWED: ReadonlySet<Proposal["proposalType"]> = new Set(["add", "update", "remove"] as const);

/** Refuses a message that is not from a member of this group in this epoch. Returns the sender's leaf. */
export function checkSender(message: PublicMessage, place: Place): number {
  const { groupId, epoch, sender } = message.content;
  if (!equalBytes(groupId, place.groupId)) throw new Refused("wrong-group");
  if (epoch < place.epoch) throw new Refused("stale-epoch");
  if (epoch > place.epoch) throw new Refused("future-epoch");
  // Neither external senders nor external commits: people come by an Add that a member commits.
  if (sender.senderType !== "member") throw new Refused("not-a-member");
  return sender.leafIndex;
}

export function checkProposal(proposal: Proposal): void {
  if (!ALLOWED.has(proposal.proposalType)) throw new Refused("forbidden-proposal");
}

/** The proposals of a commit, those that it refers to included. */
export function resolve(proposals: readonly ProposalOrRef[], known: UnappliedProposals): Proposal[] {
  return proposals.map((entry) => {
    if (entry.proposalOrRefType === "proposal") return entry.proposal;
    const found = known[bytesToBase64(entry.reference)];
    // Proposals come before the commit that refers to them: this one never came, or not to this client.
    if (found === undefined) throw new Refused("invalid");
    return found.proposal;
  });
}

/** Refuses a commit by what it does, before any of it is done. */
export function checkCommit(proposals: readonly Proposal[], hasPath: boolean): void {
  for (const proposal of proposals) checkProposal(proposal);
  const onlyAdds = proposals.length > 0 && proposals.every((proposal) => proposal.proposalType === "add");
  if (!onlyAdds && !hasPath) throw new Refused("no-path");
}

/** The leaves that proposals remove. */
export function removedBy(proposals: readonly Proposal[]): Set<number> {
  const removals = proposals.filter((proposal) => proposal.proposalType === "remove");
  return new Set(removals.map((proposal) => proposal.remove.removed));
}

/**
 * Refuses to commit when nobody but the committer would be in the group. The library's commit has no new secret then:
 * who was removed would compute this epoch and, because an Add needs no path, the next one too.
 */
export function checkSomebodyStays(members: Members, ownLeaf: number, proposals: readonly Proposal[]): void {
  const removed = removedBy(proposals);
  const stays = [...members.keys()].some((leaf) => leaf !== ownLeaf && !removed.has(leaf));
  if (!stays && !proposals.some(({ proposalType }) => proposalType === "add")) throw new Refused("last-member");
}
