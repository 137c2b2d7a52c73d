import { bigEndian, concatenate, equalBytes, utf8, type Bytes } from "../bytes.ts";
import { sha256 } from "../digest.ts";
import type { ProtectionMode } from "../../gen/conclave/v1/rooms_pb.js";

/** What people were promised about a meeting. A group under another policy is another group. */
export interface Policy {
  readonly mode: ProtectionMode;
  /** SHA-256 of the officers' roster, or empty where nothing is sealed. */
  readonly rosterHash: Bytes;
  /** How many officers it takes to open a recording. */
  readonly quorum: number;
  readonly retentionClass: string;
}

const VERSION = 1;
const RANDOM_SIZE = 16;
const HASH_SIZE = 32;
const GROUP_ID_SIZE = 1 + HASH_SIZE + RANDOM_SIZE;

/** The id of a new group: every epoch's keys depend on it, and so on the policy. */
export async function newGroupId(policy: Policy): Promise<Bytes> {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_SIZE));
  return concatenate(Uint8Array.of(VERSION), await policyHash(policy), random);
}

/** Whether a group is one under this policy. */
export async function isUnderPolicy(groupId: Uint8Array, policy: Policy): Promise<boolean> {
  if (groupId.length !== GROUP_ID_SIZE || groupId[0] !== VERSION) return false;
  return equalBytes(groupId.subarray(1, 1 + HASH_SIZE), await policyHash(policy));
}

async function policyHash(policy: Policy): Promise<Bytes> {
  const parts = [policy.rosterHash, utf8(policy.retentionClass)];
  const sized = parts.flatMap((part) => [bigEndian(BigInt(part.length), 2), part]);
  const numbers = [policy.mode, policy.quorum].map((number) => bigEndian(BigInt(number), 2));
  return await sha256(concatenate(utf8("conclave policy v1\0"), ...numbers, ...sized));
}
