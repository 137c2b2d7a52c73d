import type { Bytes } from "./bytes.ts";

/** Who a leaf of the group is, as its credential says and the deployment has signed. */
export interface Member {
  readonly leaf: number;
  /** Unique in a group: no two leaves have the same. */
  readonly participantId: string;
  /** Who the person is to the deployment; empty for a guest, whose name nobody has checked. */
  readonly subject: string;
  readonly displayName: string;
  /** The Ed25519 key that this person's client keeps for the deployment. */
  readonly identityKey: Bytes;
  /** Ed25519: what this leaf signs. */
  readonly leafKey: Bytes;
  /** X25519: what is for this member alone is sealed to it. */
  readonly contentKey: Bytes;
}
