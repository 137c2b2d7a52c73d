import assert from "node:assert/strict";
import { test } from "node:test";

import type { DataSecrets } from "../../../src/crypto/content/epoch.ts";
import { PageVaultStore } from "../../../src/crypto/content/pagestore.ts";
import { LONGEST_KEPT_MS, Vault } from "../../../src/crypto/content/vault.ts";
import { member } from "../epochs.ts";
import { hex } from "../vectors.ts";

const MEETING = "rooms/a/meetings/1";
const SECRETS: DataSecrets = {
  groupId: Uint8Array.of(1, 2, 3),
  epoch: 2n ** 40n,
  dataKey: new Uint8Array(32).fill(7),
  members: new Map([[4, member(4, "anna")]]),
};
const SEED = new Uint8Array(32).fill(9);

async function filled(store: PageVaultStore): Promise<void> {
  const vault = new Vault(Promise.resolve(store));
  await vault.enter(MEETING, 0);
  await vault.keepEpoch(MEETING, SECRETS);
  await vault.keepSeed(MEETING, SEED);
}

/** What another page finds. */
async function found(store: PageVaultStore, meeting = MEETING, nowMs = 0) {
  return await new Vault(Promise.resolve(store)).enter(meeting, nowMs);
}

test("another page finds the keys of the meeting, as they were", async () => {
  const store = new PageVaultStore();
  await filled(store);
  assert.deepEqual(await found(store), { epochs: [SECRETS], seeds: [SEED] });
});

test("what is kept is wrapped by a key that no script can read", async () => {
  const store = new PageVaultStore();
  await filled(store);
  const [kept] = await store.meetings();
  assert.ok(kept);
  await assert.rejects(crypto.subtle.exportKey("raw", kept.wrappingKey), /not extractable/u);
  for (const wrapped of (await store.keys(MEETING)).values()) {
    const bytes = hex(wrapped);
    for (const secret of [hex(SECRETS.dataKey), hex(SEED), Buffer.from("anna").toString("hex")]) {
      assert.equal(bytes.includes(secret), false);
    }
  }
});

test("a wrapped key is nothing under another name, or in another meeting", async () => {
  const store = new PageVaultStore();
  await filled(store);
  const [name, wrapped] = [...(await store.keys(MEETING))][0] ?? ["", new Uint8Array()];
  await store.keepKey(MEETING, `${name}0`, wrapped);
  await assert.rejects(found(store));
});

test("keys go with the room's next meeting, after a day, and when the meeting is over", async () => {
  const store = new PageVaultStore();
  await filled(store);
  await found(store, "rooms/b/meetings/1", LONGEST_KEPT_MS);
  assert.equal((await found(store)).epochs.length, 1);
  await found(store, "rooms/b/meetings/1", LONGEST_KEPT_MS + 1);
  assert.equal((await store.keys(MEETING)).size, 0);
  await filled(store);
  await found(store, "rooms/a/meetings/2");
  assert.equal((await store.keys(MEETING)).size, 0);
  await filled(store);
  const vault = new Vault(Promise.resolve(store));
  await vault.enter(MEETING, 0);
  await vault.forget(MEETING);
  await vault.keepEpoch(MEETING, SECRETS);
  assert.deepEqual(await found(store), { epochs: [], seeds: [] });
});

test("a page of any kind deletes what is a day old", async () => {
  const store = new PageVaultStore();
  await filled(store);
  const vault = new Vault(Promise.resolve(store));
  await vault.sweep(LONGEST_KEPT_MS);
  assert.equal((await store.keys(MEETING)).size, 2);
  await vault.sweep(LONGEST_KEPT_MS + 1);
  assert.deepEqual([await store.meetings(), (await store.keys(MEETING)).size], [[], 0]);
});

test("a meeting that lasts longer than a day keeps its keys", async () => {
  const store = new PageVaultStore();
  await filled(store);
  assert.equal((await found(store, MEETING, 2 * LONGEST_KEPT_MS)).epochs.length, 1);
});
