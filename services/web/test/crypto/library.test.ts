// What the pinned library does, and our rules therefore keep from happening. If one of these fails after an upgrade,
// see whether its rule is still needed.
import assert from "node:assert/strict";
import { test } from "node:test";

import { nextEpochContext } from "ts-mls/clientState.js";
import { initializeEpoch } from "ts-mls/keySchedule.js";

import { newGroupId } from "../../src/crypto/mls/policy.ts";
import { SUITE } from "../../src/crypto/mls/suite.ts";
import { decodeKeyPackage, decodePublicMessage } from "../../src/crypto/mls/wire.ts";
import { Modified } from "./modified.ts";
import { Client, POLICY } from "./people.ts";
import { hex } from "./vectors.ts";

test("a removal that leaves one member has no fresh secret: the removed member computes the next epoch", async () => {
  const [anna, ben] = [await Client.named("anna"), await Client.named("ben")];
  const [ownLeaf, otherLeaf] = [await anna.leaf(), await ben.leaf()];
  const founder = await Modified.founding(await newGroupId(POLICY), ownLeaf);
  const keyPackage = decodeKeyPackage(otherLeaf.message);
  const added = await founder.commit([{ proposalType: "add", add: { keyPackage } }]);
  assert.ok(added.welcome);
  const removed = await Modified.joining(otherLeaf, added.welcome);
  founder.state = added.next;

  const removal = await founder.commit([{ proposalType: "remove", remove: { removed: 1 } }]);
  const after = removal.next;
  // All that the removed member has: its last state, and the commit that everybody saw. The tree hash is that of the
  // one leaf in the commit.
  const { content, auth } = decodePublicMessage(removal.message);
  assert.ok(content.contentType === "commit" && auth.contentType === "commit");
  const { keySchedule, groupContext, confirmationTag } = removed.state;
  const suite = SUITE;
  const context = await nextEpochContext(
    groupContext,
    "mls_public_message",
    content,
    auth.signature,
    after.groupContext.treeHash,
    confirmationTag,
    suite.hash,
  );
  const nothing = new Uint8Array(suite.kdf.size);
  const computed = await initializeEpoch(keySchedule.initSecret, nothing, context, nothing, suite.kdf);
  assert.equal(hex(computed.keySchedule.exporterSecret), hex(after.keySchedule.exporterSecret));
});
