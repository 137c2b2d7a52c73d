import assert from "node:assert/strict";
import { test } from "node:test";

import { Refused } from "../../src/crypto/mls/refused.ts";
import { openFrame } from "../../src/crypto/frames/open.ts";
import { sealFrame } from "../../src/crypto/frames/seal.ts";
import { Context } from "../../src/crypto/keys/kid.ts";
import { KeyRing } from "../../src/crypto/keys/ring.ts";
import { change, Client, meeting } from "./people.ts";

/** What all of these say of the epoch; one code if they agree. */
function codes(...clients: readonly Client[]): Set<string> {
  return new Set(clients.map((client) => client.group.code.join(" ")));
}

async function ringOf(client: Client): Promise<KeyRing> {
  const ring = new KeyRing(client.group.groupId);
  ring.install(await client.group.takeSecrets(), 0);
  return ring;
}

/** Whether what one client sends now can be played by another. */
async function hears(listener: KeyRing, speaker: KeyRing, participantId: string): Promise<boolean> {
  const frame = await sealFrame(speaker, Context.MICROPHONE, "opus", Uint8Array.of(1, 2, 3), 10_000);
  assert.ok(typeof frame !== "string");
  const opened = await openFrame(listener, { participantId, context: Context.MICROPHONE }, "opus", frame, 10_000);
  return opened.refused === undefined;
}

test("people who are added in one commit have the same epoch, code and keys as the founder", async () => {
  const all = await meeting("anna", "ben", "cleo");
  const [anna, ben, cleo] = all as [Client, Client, Client];
  assert.equal(codes(...all).size, 1);
  assert.match(anna.group.code.join(" "), /^\d{5}( \d{5}){5}$/);
  assert.deepEqual([...cleo.group.members.values()].map((member) => member.participantId), ["anna", "ben", "cleo"]);
  assert.deepEqual(all.map((client) => client.group.ownLeaf), [0, 1, 2]);
  const rings = await Promise.all(all.map(ringOf)) as [KeyRing, KeyRing, KeyRing];
  assert.ok(await hears(rings[1], rings[0], anna.id));
  assert.ok(await hears(rings[2], rings[1], ben.id));
});

test("a removal by value and one by reference both change the keys and shut the removed out", async () => {
  for (const way of ["value", "reference"] as const) {
    const [anna, ben, cleo, dora] = (await meeting("anna", "ben", "cleo", "dora")) as [Client, Client, Client, Client];
    const before = await ringOf(cleo);
    const all = [anna, ben, cleo, dora];
    if (way === "reference") {
      const proposal = await dora.group.proposeRemoval(cleo.group.ownLeaf);
      for (const client of all) assert.equal(await client.group.process(proposal), "proposal");
    }
    const { effects } = await change(ben, all, way === "value" ? { remove: [cleo.group.ownLeaf] } : {});
    assert.deepEqual(effects, ["epoch", "epoch", "removed", "epoch"]);
    assert.equal(codes(anna, ben, dora).size, 1);
    assert.deepEqual([...anna.group.members.keys()], [0, 1, 3]);
    await assert.rejects(cleo.group.takeSecrets(), Refused);
    const rings = await Promise.all([anna, dora].map(ringOf)) as [KeyRing, KeyRing];
    assert.ok(await hears(rings[1], rings[0], anna.id));
    assert.equal(await hears(before, rings[0], anna.id), false);
  }
});

test("a removal that several propose and the committer wants too is done once", async () => {
  const all = (await meeting("anna", "ben", "cleo", "dora")) as [Client, Client, Client, Client];
  const [anna, ben, cleo, dora] = all;
  for (const proposer of [anna, dora]) {
    const proposal = await proposer.group.proposeRemoval(cleo.group.ownLeaf);
    for (const client of all) await client.group.process(proposal);
  }
  const against = await dora.group.proposeRemoval(ben.group.ownLeaf);
  for (const client of all) await client.group.process(against);
  await change(ben, all, { remove: [cleo.group.ownLeaf] });
  assert.deepEqual([...anna.group.members.keys()], [0, 1, 3]);
  assert.equal(codes(anna, ben, dora).size, 1);
});

test("a path commit by each member changes everybody's keys", async () => {
  const all = await meeting("anna", "ben", "cleo", "dora", "emil");
  const seen = new Set<string>();
  for (const committer of all) {
    const { effects } = await change(committer, all, {});
    assert.deepEqual(new Set(effects), new Set(["epoch"]));
    const [code] = codes(...all);
    assert.equal(codes(...all).size, 1);
    seen.add(code ?? "");
  }
  assert.equal(seen.size, all.length);
});

test("a reload is a new leaf of the same identity, in one commit with the old one's removal", async () => {
  const [anna, ben] = (await meeting("anna", "ben")) as [Client, Client];
  const lost = await ringOf(ben);
  const again = ben.reloaded();
  const { welcome } = await change(anna, [anna, ben], {
    remove: [ben.group.ownLeaf],
    add: [await again.keyPackage()],
  });
  await again.join(welcome);
  assert.equal(codes(anna, again).size, 1);
  assert.deepEqual([...anna.group.members.values()].map((member) => member.participantId), ["anna", "ben"]);
  const rings = await Promise.all([anna, again].map(ringOf)) as [KeyRing, KeyRing];
  assert.ok(await hears(rings[1], rings[0], "anna"));
  assert.equal(await hears(lost, rings[0], "anna"), false);
});

test("of two commits in one epoch one wins, and the loser follows it", async () => {
  const all = (await meeting("anna", "ben", "cleo")) as [Client, Client, Client];
  const [anna, ben, cleo] = all;
  const [first, second] = [await anna.group.commit({}), await ben.group.commit({})];
  for (const client of all) assert.equal(await client.group.process(first.message), "epoch");
  for (const client of [anna, cleo]) {
    await assert.rejects(client.group.process(second.message), { reason: "stale-epoch" });
  }
  await assert.rejects(ben.group.process(second.message), { reason: "stale-epoch" });
  assert.equal(codes(...all).size, 1);
  await change(ben, all, {});
  assert.equal(codes(...all).size, 1);
  assert.ok(cleo.group.epoch === 3n);
});

test("a client commits again after the delivery service has refused its commit", async () => {
  const all = (await meeting("anna", "ben", "cleo")) as [Client, Client, Client];
  const [anna] = all;
  await anna.group.commit({});
  await assert.rejects(anna.group.commit({}), /under way/);
  anna.group.abandon();
  await change(anna, all, { remove: [2] });
  assert.equal(codes(anna, all[1]).size, 1);
});

test("the secrets of an epoch are given once", async () => {
  const [anna] = (await meeting("anna", "ben")) as [Client, Client];
  await anna.group.takeSecrets();
  await assert.rejects(anna.group.takeSecrets(), /taken/);
});

test("nobody is left alone in a group: whoever was removed could compute its keys", async () => {
  const [anna, ben] = (await meeting("anna", "ben")) as [Client, Client];
  await assert.rejects(anna.group.commit({ remove: [1] }), { reason: "last-member" });
  const [alone] = (await meeting("anna")) as [Client];
  await assert.rejects(alone.group.commit({}), { reason: "last-member" });
  assert.equal(await ben.group.process((await ben.group.commit({})).message), "epoch");
});
