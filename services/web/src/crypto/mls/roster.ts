import type { LeafNode } from "ts-mls/leafNode.js";
import type { Proposal } from "ts-mls/proposal.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

import { equalBytes } from "../bytes.ts";
import { LARGEST_LEAF } from "../keys/kid.ts";
import type { Member } from "../member.ts";
import type { Authentication, Person } from "./credential.ts";
import { Refused } from "./refused.ts";

export type Members = ReadonlyMap<number, Member>;

/** Who is in a group's tree, by leaf. Refuses a tree with strangers, or with two leaves of one participant. */
export async function membersOf(tree: RatchetTree, authentication: Authentication): Promise<Members> {
  const members = new Map<number, Member>();
  const participants = new Set<string>();
  for (const [nodeIndex, node] of tree.entries()) {
    if (node?.nodeType !== "leaf") continue;
    // RFC 9420 appendix C: the leaves are the even nodes.
    const leaf = nodeIndex / 2;
    if (leaf > LARGEST_LEAF) throw new Refused("too-many-members");
    const person = await personOf(node.leaf, authentication);
    if (participants.has(person.participantId)) throw new Refused("second-leaf");
    participants.add(person.participantId);
    members.set(leaf, { leaf, ...person });
  }
  return members;
}

/** Refuses proposals that would add somebody for whom nobody has vouched. */
export async function checkNewcomers(proposals: readonly Proposal[], authentication: Authentication): Promise<void> {
  for (const proposal of proposals) {
    if (proposal.proposalType === "add") await personOf(proposal.add.keyPackage.leafNode, authentication);
  }
}

/**
 * Refuses a next epoch in which a leaf became somebody else's without a removal, or somebody came back with another
 * identity key: that person has to be let in anew.
 */
export function checkContinuity(before: Members, after: Members, removed: ReadonlySet<number>): void {
  for (const member of before.values()) {
    const same = after.get(member.leaf);
    if (!removed.has(member.leaf) && same?.participantId !== member.participantId) {
      throw new Refused("changed-identity");
    }
    const now = [...after.values()].find((other) => other.participantId === member.participantId);
    if (now !== undefined && !equalBytes(now.identityKey, member.identityKey)) throw new Refused("changed-identity");
  }
}

async function personOf({ credential, signaturePublicKey }: LeafNode, authentication: Authentication): Promise<Person> {
  if (credential.credentialType !== "basic") throw new Refused("stranger");
  const person = await authentication.identify(credential.identity, signaturePublicKey);
  if (person === undefined) throw new Refused("stranger");
  return person;
}
