import type { Bytes } from "../../crypto/bytes.ts";
import type { Change, Commit } from "../../crypto/mls/group.ts";
import type { GroupView, Processed } from "../../crypto/worker/session.ts";
import type { Handshakes } from "../../gen/conclave/v1/groups_pb.js";

/** The holder of the group's secrets. All reject with Refused where a group refuses. */
export interface Keys {
  /** Makes a new leaf, and ends whatever was before it; gives the KeyPackage. */
  enrol(): Promise<Bytes>;
  /** Ends the leaf there is: nothing is sent or played any more. */
  leave(): Promise<void>;
  found(): Promise<GroupView>;
  join(welcome: Bytes): Promise<GroupView>;
  /** Makes a commit, in place of one that may be under way. */
  commit(change: Change): Promise<Commit>;
  /** Gives up the commit under way, if there is one. */
  abandon(): Promise<void>;
  process(message: Bytes): Promise<Processed>;
}

/** The delivery service. All reject with SignallingError where it says no, with ConnectionLost where it did not answer. */
export interface Delivery {
  enter(keyPackage: Bytes, stuck: boolean): Promise<void>;
  found(groupId: Bytes): Promise<void>;
  send(groupId: Bytes, commit: Commit): Promise<void>;
  /** groupId: undefined for a client that waits for its Welcome. */
  read(groupId: Bytes | undefined, afterSequence: bigint): Promise<Handshakes>;
}
