import assert from "node:assert/strict";
import { test } from "node:test";

import type { LeafNode } from "ts-mls/leafNode.js";
import { createGroupInfoWithExternalPubAndRatchetTree, joinGroupExternal } from "ts-mls/createCommit.js";

import type { Bytes } from "../../src/crypto/bytes.ts";
import { Group } from "../../src/crypto/mls/group.ts";
import { contentKeys, newContentSeed } from "../../src/crypto/mls/contentkeys.ts";
import { makeCredential } from "../../src/crypto/mls/credential.ts";
import { newLeaf } from "../../src/crypto/mls/keypackage.ts";
import { newGroupId } from "../../src/crypto/mls/policy.ts";
import { Refused, type Reason } from "../../src/crypto/mls/refused.ts";
import { SUITE, SUITE_NAME } from "../../src/crypto/mls/suite.ts";
import { decodeKeyPackage, encode } from "../../src/crypto/mls/wire.ts";
import { ProtectionMode } from "../../src/gen/conclave/v1/rooms_pb.js";
import { altered, flipped, Modified } from "./modified.ts";
import { AUTHENTICATION, change, Client, Deployment, DEPLOYMENT, ed25519, meeting, POLICY } from "./people.ts";
import { SeededRandom } from "./random.ts";

/** Anna and Ben in a group with Mallory, whose client has no rules. */
async function withMallory(): Promise<{ anna: Client; ben: Client; mallory: Modified; id: Client }> {
  const [anna, ben] = (await meeting("anna", "ben")) as [Client, Client];
  const id = await Client.named("mallory");
  const leaf = await id.leaf();
  const { welcome } = await change(anna, [anna, ben], { add: [leaf.message] });
  assert.ok(welcome);
  return { anna, ben, mallory: await Modified.joining(leaf, welcome), id };
}

/** A message is refused for a reason, and the group goes on as if it had never come. */
async function refuses(client: Client, message: Bytes, reason: Reason): Promise<void> {
  const before = [client.group.epoch, client.group.code.join()];
  await assert.rejects(client.group.process(message), (error) => {
    assert.ok(error instanceof Refused, String(error));
    assert.equal(error.reason, reason);
    return true;
  });
  assert.deepEqual([client.group.epoch, client.group.code.join()], before);
}

function add(keyPackage: Bytes): { proposalType: "add"; add: { keyPackage: ReturnType<typeof decodeKeyPackage> } } {
  return { proposalType: "add", add: { keyPackage: decodeKeyPackage(keyPackage) } };
}

function remove(leaf: number): { proposalType: "remove"; remove: { removed: number } } {
  return { proposalType: "remove", remove: { removed: leaf } };
}

/** The bits to flip: every `step`-th, from a random one on, so that other runs of other seeds see others. */
function* bits(message: Bytes, step: number, seed: number): Generator<number> {
  for (let bit = new SeededRandom(seed).below(step); bit < message.length * 8; bit += step) yield bit;
}

test("a commit with a flipped bit is refused, and the unchanged one still counts", async () => {
  const [anna, ben] = (await meeting("anna", "ben", "cleo", "dora")) as [Client, Client];
  const { message } = await anna.group.commit({ remove: [2], add: [await (await Client.named("emil")).keyPackage()] });
  for (const bit of bits(message, 61, 1)) {
    await assert.rejects(ben.group.process(flipped(message, bit)), Refused, `bit ${bit}`);
  }
  assert.equal(await ben.group.process(message), "epoch");
});

test("a commit cut at any length is refused", async () => {
  const [anna, ben] = (await meeting("anna", "ben", "cleo")) as [Client, Client];
  const { message } = await anna.group.commit({ remove: [2] });
  for (let size = 0; size < message.length; size += 7) {
    await assert.rejects(ben.group.process(message.slice(0, size)), Refused, `${size} bytes`);
  }
  await refuses(ben, Uint8Array.of(...message, 0), "malformed");
  assert.equal(await ben.group.process(message), "epoch");
});

test("a Welcome with a flipped bit lets nobody in, and the unchanged one still does", async () => {
  const [anna] = (await meeting("anna", "ben")) as [Client, Client];
  const cleo = await Client.named("cleo");
  const { welcome } = await anna.group.commit({ add: [await cleo.keyPackage()] });
  assert.ok(welcome);
  for (const bit of bits(welcome, 97, 2)) {
    await assert.rejects(cleo.join(flipped(welcome, bit)), Refused, `bit ${bit}`);
  }
  await cleo.join(welcome);
});

test("a KeyPackage with a flipped bit is added by nobody", async () => {
  const [anna] = (await meeting("anna", "ben")) as [Client, Client];
  const keyPackage = await (await Client.named("cleo")).keyPackage();
  for (const bit of bits(keyPackage, 41, 3)) {
    await assert.rejects(anna.group.commit({ add: [flipped(keyPackage, bit)] }), Refused, `bit ${bit}`);
  }
  await anna.group.commit({ add: [keyPackage] });
});

test("a credential with any flipped bit, or on another leaf's key, vouches for nobody", async () => {
  const { privateKey, publicKey } = await ed25519();
  const leafKey = (await ed25519()).publicKey;
  const vouched = await DEPLOYMENT.vouch("anna", publicKey);
  const { publicKey: contentKey } = await contentKeys(newContentSeed());
  const credential = await makeCredential(vouched, privateKey, leafKey, contentKey);
  assert.equal((await AUTHENTICATION.identify(credential, leafKey))?.participantId, "anna");
  for (let bit = 0; bit < credential.length * 8; bit++) {
    assert.equal(await AUTHENTICATION.identify(flipped(credential, bit), leafKey), undefined, `bit ${bit}`);
  }
  assert.equal(await AUTHENTICATION.identify(credential, publicKey), undefined);
});

test("a removal without a path is refused, by value and by reference", async () => {
  const { anna, ben, mallory } = await withMallory();
  const pathless = (message: Bytes): Bytes =>
    altered(message, (decoded) => {
      assert.ok(decoded.content.contentType === "commit");
      return { ...decoded, content: { ...decoded.content, commit: { ...decoded.content.commit, path: undefined } } };
    });
  await refuses(anna, pathless((await mallory.commit([remove(1)])).message), "no-path");
  await refuses(anna, pathless((await mallory.commit([])).message), "no-path");
  const proposal = await mallory.propose(remove(1));
  for (const client of [anna, ben]) assert.equal(await client.group.process(proposal), "proposal");
  await mallory.process(proposal);
  await refuses(anna, pathless((await mallory.commit([])).message), "no-path");
});

test("a commit of an epoch that is over, that has not come, or of another group is refused", async () => {
  const [anna, ben] = (await meeting("anna", "ben", "cleo")) as [Client, Client];
  const { message } = await anna.group.commit({});
  for (const client of [anna, ben]) await client.group.process(message);
  await refuses(ben, message, "stale-epoch");
  const next = await anna.group.commit({});
  await anna.group.process(next.message);
  const later = await anna.group.commit({});
  await refuses(ben, later.message, "future-epoch");
  const [other] = (await meeting("anna", "ben")) as [Client, Client];
  await refuses(ben, (await other.group.commit({})).message, "wrong-group");
});

test("private messages and all that is no handshake are refused", async () => {
  const { anna, mallory, id } = await withMallory();
  await refuses(anna, (await mallory.commit([], false)).message, "malformed");
  await refuses(anna, await id.keyPackage(), "malformed");
  await refuses(anna, new Uint8Array(), "malformed");
});

test("proposals that change the group itself are refused, alone and in a commit", async () => {
  const { anna, mallory } = await withMallory();
  const proposals = [
    { proposalType: "group_context_extensions", groupContextExtensions: { extensions: [] } },
    {
      proposalType: "reinit",
      reinit: { groupId: new Uint8Array(49), version: "mls10", cipherSuite: SUITE_NAME, extensions: [] },
    },
    { proposalType: 0xf001, proposalData: Uint8Array.of(1) },
  ] as const;
  for (const proposal of proposals) {
    const mutable = structuredClone(proposal) as Parameters<Modified["propose"]>[0];
    await refuses(anna, await mallory.propose(mutable), "forbidden-proposal");
    await refuses(anna, (await mallory.commit([mutable])).message, "forbidden-proposal");
  }
});

test("nobody enters by an external commit", async () => {
  const { anna, mallory } = await withMallory();
  const info = await createGroupInfoWithExternalPubAndRatchetTree(mallory.state, [], SUITE);
  const intruder = await (await Client.named("intruder")).leaf();
  const { publicMessage } = await intruder.enter(async (keys) =>
    joinGroupExternal(info, intruder.keyPackage, keys, false, SUITE),
  );
  await refuses(anna, encode({ wireformat: "mls_public_message", publicMessage }), "not-a-member");
});

test("a stranger is added by nobody, and a commit that adds one is refused", async () => {
  const { anna, mallory } = await withMallory();
  const { privateKey, publicKey } = await ed25519();
  const elsewhere = await DEPLOYMENT.vouch("stranger", publicKey, "rooms/a/meetings/other");
  const strangers = [
    await (await Client.named("stranger", new Deployment(await ed25519()))).keyPackage(),
    (await newLeaf(elsewhere, privateKey, Date.now())).message,
  ];
  for (const stranger of strangers) {
    await assert.rejects(anna.group.commit({ add: [stranger] }), { reason: "stranger" });
    await refuses(anna, (await mallory.commit([add(stranger)])).message, "stranger");
  }
});

test("a second leaf of somebody who is there is added by nobody, and a commit that adds one is refused", async () => {
  const { anna, ben, mallory, id } = await withMallory();
  for (const person of [ben, id]) {
    const second = await person.reloaded().keyPackage();
    await assert.rejects(anna.group.commit({ add: [second] }), { reason: "second-leaf" });
    await refuses(anna, (await mallory.commit([add(second)])).message, "second-leaf");
  }
});

test("nobody comes back with another identity key", async () => {
  const { anna, ben, mallory } = await withMallory();
  const other = await (await Client.named("ben")).keyPackage();
  await assert.rejects(anna.group.commit({ remove: [1], add: [other] }), { reason: "changed-identity" });
  await refuses(anna, (await mallory.commit([remove(1), add(other)])).message, "changed-identity");
  const same = ben.reloaded();
  await change(anna, [anna, ben], { remove: [1], add: [await same.keyPackage()] });
});

test("nobody turns into somebody else by new keys of the own leaf", async () => {
  const { anna, mallory, id } = await withMallory();
  const leaf = mallory.state.ratchetTree[mallory.state.privatePath.leafIndex * 2];
  assert.ok(leaf !== undefined && leaf.nodeType === "leaf");
  const vouched = await DEPLOYMENT.vouch("anybody", id.identity.publicKey);
  const identity = await makeCredential(vouched, id.identity.privateKey, leaf.leaf.signaturePublicKey, new Uint8Array(32));
  const turned: LeafNode = { ...leaf.leaf, credential: { credentialType: "basic", identity } };
  const tree = mallory.state.ratchetTree.slice();
  tree[mallory.state.privatePath.leafIndex * 2] = { nodeType: "leaf", leaf: turned };
  mallory.state = { ...mallory.state, ratchetTree: tree };
  await refuses(anna, (await mallory.commit([])).message, "changed-identity");
});

test("a commit in somebody else's name is refused", async () => {
  const { ben, mallory } = await withMallory();
  const { message } = await mallory.commit([]);
  const forged = altered(message, (decoded) => ({
    ...decoded,
    content: { ...decoded.content, sender: { senderType: "member", leafIndex: 0 } },
  }));
  await refuses(ben, forged, "invalid");
  const nobody = altered(message, (decoded) => ({
    ...decoded,
    content: { ...decoded.content, sender: { senderType: "member", leafIndex: 7 } },
  }));
  await refuses(ben, nobody, "not-a-member");
});

test("a commit that refers to a proposal which was withheld is refused", async () => {
  const { anna, ben, mallory } = await withMallory();
  const proposal = await mallory.propose(remove(1));
  await mallory.process(proposal);
  await anna.group.process(proposal);
  const { message } = await mallory.commit([]);
  await refuses(ben, message, "invalid");
  assert.equal(await anna.group.process(message), "epoch");
});

test("a proposal that comes twice counts once", async () => {
  const all = (await meeting("anna", "ben", "cleo")) as [Client, Client, Client];
  const proposal = await all[1].group.proposeRemoval(2);
  for (const client of [...all, ...all]) assert.equal(await client.group.process(proposal), "proposal");
  const { effects } = await change(all[0], all, {});
  assert.deepEqual(effects, ["epoch", "epoch", "removed"]);
});

test("who was removed can commit nothing more", async () => {
  const all = (await meeting("anna", "ben", "cleo")) as [Client, Client, Client];
  const [anna, ben, cleo] = all;
  const racing = await cleo.group.commit({});
  await change(anna, [anna, ben], { remove: [2] });
  await refuses(ben, racing.message, "stale-epoch");
  const late = await (await meeting("x", "y", "cleo"))[2]?.group.commit({});
  assert.ok(late);
  await refuses(ben, late.message, "wrong-group");
});

test("a group under another policy than the one shown is joined by nobody", async () => {
  const anna = await Client.named("anna");
  const ben = await Client.named("ben");
  const shown = [
    { ...POLICY, mode: ProtectionMode.MANAGED },
    { ...POLICY, quorum: 1 },
    { ...POLICY, retentionClass: "short" },
    { ...POLICY, rosterHash: new Uint8Array(32) },
  ];
  anna.group = await Group.found(POLICY, await anna.leaf(), AUTHENTICATION);
  const { welcome } = await anna.group.commit({ add: [await ben.keyPackage()] });
  for (const policy of shown) await assert.rejects(ben.join(welcome, policy), { reason: "wrong-policy" });
  await ben.join(welcome);
});

test("a group with extensions is joined by nobody", async () => {
  const mallory = await Client.named("mallory");
  const extension = { extensionType: "required_capabilities", extensionData: Uint8Array.of(0, 0, 0) } as const;
  const founder = await Modified.founding(await newGroupId(POLICY), await mallory.leaf(), [extension]);
  const anna = await Client.named("anna");
  const { welcome } = await founder.commit([add(await anna.keyPackage())]);
  await assert.rejects(anna.join(welcome), { reason: "forbidden-proposal" });
});

test("a group that already holds a stranger, or one person twice, is joined by nobody", async () => {
  for (const [other, reason] of [
    [await Client.named("stranger", new Deployment(await ed25519())), "invalid"],
    [await Client.named("mallory"), "second-leaf"],
  ] as const) {
    const founder = await Modified.founding(await newGroupId(POLICY), await (await Client.named("mallory")).leaf());
    const anna = await Client.named("anna");
    const { welcome } = await founder.commit([add(await other.keyPackage()), add(await anna.keyPackage())]);
    await assert.rejects(anna.join(welcome), { reason });
  }
});

test("a Welcome is of no use to anybody else, nor a second time", async () => {
  const [anna] = (await meeting("anna", "ben")) as [Client, Client];
  const cleo = await Client.named("cleo");
  const { welcome } = await anna.group.commit({ add: [await cleo.keyPackage()] });
  const dora = await Client.named("dora");
  await dora.keyPackage();
  await assert.rejects(dora.join(welcome), { reason: "invalid" });
  await cleo.join(welcome);
  await assert.rejects(cleo.join(welcome), /in a group/);
});

test("a delivery service that splits a group shows in the code", async () => {
  const [anna, ben, cleo] = (await meeting("anna", "ben", "cleo")) as [Client, Client, Client];
  const [one, other] = [await anna.group.commit({}), await ben.group.commit({})];
  await anna.group.process(one.message);
  await cleo.group.process(one.message);
  await ben.group.process(other.message);
  assert.equal(anna.group.code.join(), cleo.group.code.join());
  assert.equal(anna.group.epoch, ben.group.epoch);
  assert.notEqual(anna.group.code.join(), ben.group.code.join());
});
