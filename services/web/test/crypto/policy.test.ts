import assert from "node:assert/strict";
import { test } from "node:test";

import { concatenate } from "../../src/crypto/bytes.ts";
import { isUnderPolicy, newGroupId, type Policy } from "../../src/crypto/mls/policy.ts";
import { hex, readVectors, unhex } from "./vectors.ts";

interface Vector {
  readonly mode: bigint;
  readonly rosterHash: string;
  readonly quorum: bigint;
  readonly retentionClass: string;
  readonly hash: string;
}

// The same that the appliance checks group ids by.
const VECTORS = readVectors<Vector[]>("conclave/group-policies.json");

function policyOf({ mode, rosterHash, quorum, retentionClass }: Vector): Policy {
  return { mode: Number(mode), rosterHash: unhex(rosterHash), quorum: Number(quorum), retentionClass };
}

for (const [index, vector] of VECTORS.entries()) {
  test(`a group's id holds the hash of policy ${index}, and of no other`, async () => {
    const id = await newGroupId(policyOf(vector));
    assert.equal(hex(id.subarray(0, 33)), `01${vector.hash}`);
    const answers = await Promise.all(VECTORS.map((other) => isUnderPolicy(id, policyOf(other))));
    assert.deepEqual(answers, VECTORS.map((other) => other === vector));
    assert.equal(await isUnderPolicy(concatenate(id, Uint8Array.of(0)), policyOf(vector)), false);
  });
}
