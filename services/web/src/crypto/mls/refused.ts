/** Why a group does not take what it was given. */
export type Reason =
  /** Not a message of the kind that belongs here. */
  | "malformed"
  /** For another group, or for a group under another policy. */
  | "wrong-group"
  | "wrong-policy"
  /** For an epoch that is over, or has not come. */
  | "stale-epoch"
  | "future-epoch"
  /** From outside the group. */
  | "not-a-member"
  /** Removes or updates without new keys: who was removed would keep the group's. */
  | "no-path"
  /** Proposes what groups of ours never do. */
  | "forbidden-proposal"
  /** Brings somebody whom the deployment has not vouched for in this meeting. */
  | "stranger"
  /** Brings a second leaf of somebody who is there. */
  | "second-leaf"
  /** Makes a leaf somebody else's, or brings somebody back with another identity key. */
  | "changed-identity"
  /** Leaves nobody but the committer: a new group has to be founded instead. */
  | "last-member"
  | "too-many-members"
  /** Fails a check of RFC 9420: a signature, a tag, a tree. */
  | "invalid";

/** The group stays as it was. */
export class Refused extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}
