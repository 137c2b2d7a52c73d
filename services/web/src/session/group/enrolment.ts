import { fromBinary } from "@bufbuild/protobuf";

import { equalBytes, type Bytes } from "../../crypto/bytes.ts";
import type { Identity } from "../../crypto/identity/own.ts";
import type { Policy } from "../../crypto/mls/policy.ts";
import type { Enrolment } from "../../crypto/worker/session.ts";
import { IdentityStatementSchema } from "../../gen/conclave/v1/identity_pb.js";
import { ProtectionMode, type Room } from "../../gen/conclave/v1/rooms_pb.js";
import type { Joined } from "../../gen/conclave/v1/signalling_pb.js";

/** What the appliance says of this client, or of the meeting, is not so. */
export class IdentityRefused extends Error {}

/** Whether what is sent in a room may be readable by nobody but its people. */
export function isEndToEnd(room: Pick<Room, "protectionMode"> | undefined): boolean {
  const mode = room?.protectionMode;
  return mode === ProtectionMode.END_TO_END || mode === ProtectionMode.END_TO_END_SEALED;
}

/** What the page tells people of an END_TO_END room: nothing is recorded, nothing is sealed to anybody. */
const SHOWN: Policy = {
  mode: ProtectionMode.END_TO_END,
  rosterHash: new Uint8Array(),
  quorum: 0,
  retentionClass: "",
};

/**
 * What the worker needs to make leaves of this client.
 *
 * Throws IdentityRefused unless the appliance has vouched for this very client, in this room, under the policy that the
 * page shows. Its signature is checked with everybody else's, by the group.
 */
export function enrolmentFrom(joined: Joined, room: Room, identity: Identity): Enrolment {
  const { participantId, identity: told } = joined;
  if (told === undefined) throw new IdentityRefused("the appliance says nothing of this client");
  const said = fromBinary(IdentityStatementSchema, told.statement);
  const isOurs = said.participantId === participantId && equalBytes(said.identityKey, identity.publicKey);
  if (!isOurs) throw new IdentityRefused("the statement is about somebody else");
  if (!said.meeting.startsWith(`${room.name}/meetings/`)) throw new IdentityRefused("the statement is for another room");
  const { policy } = told;
  const asShown =
    room.protectionMode === SHOWN.mode &&
    policy?.mode === SHOWN.mode &&
    policy.quorum === SHOWN.quorum &&
    policy.retentionClass === SHOWN.retentionClass &&
    policy.rosterHash.length === 0;
  if (!asShown) throw new IdentityRefused("the meeting's policy is not the one that the page shows");
  return {
    vouched: { statement: told.statement as Bytes, signature: told.statementSignature as Bytes },
    identityKey: identity.privateKey,
    deploymentKey: told.deploymentKey as Bytes,
    meeting: said.meeting,
    policy: SHOWN,
  };
}
