import assert from "node:assert/strict";
import { test } from "node:test";

import type { DataSecrets } from "../../../src/crypto/content/epoch.ts";
import { PageVaultStore } from "../../../src/crypto/content/pagestore.ts";
import { LONGEST_KEPT_MS, STILL_USED_MS, Vault } from "../../../src/crypto/content/vault.ts";
import { LockingBrowser, locksRefusedOnce, loneLocks } from "../../locks.ts";
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
  const vault = new Vault(Promise.resolve(store), loneLocks());
  await vault.enter(MEETING, 0);
  await vault.keepEpoch(MEETING, SECRETS);
  await vault.keepSeed(MEETING, SEED);
}

/** What another page finds once those before it are gone. */
async function found(store: PageVaultStore, meeting = MEETING, nowMs = 0) {
  return await new Vault(Promise.resolve(store), loneLocks()).enter(meeting, nowMs);
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
  const vault = new Vault(Promise.resolve(store), loneLocks());
  await vault.enter(MEETING, 0);
  await vault.forget(MEETING);
  await vault.keepEpoch(MEETING, SECRETS);
  assert.deepEqual(await found(store), { epochs: [], seeds: [] });
});

test("a page of any kind deletes what is a day old", async () => {
  const store = new PageVaultStore();
  await filled(store);
  const vault = new Vault(Promise.resolve(store), loneLocks());
  await vault.sweep(LONGEST_KEPT_MS);
  assert.equal((await store.keys(MEETING)).size, 2);
  await vault.sweep(LONGEST_KEPT_MS + 1);
  assert.deepEqual([await store.meetings(), (await store.keys(MEETING)).size], [[], 0]);
});

test("a meeting that lasts longer than a day keeps its keys, also through the next load of the page", async () => {
  const store = new PageVaultStore();
  const vault = new Vault(Promise.resolve(store), loneLocks());
  await vault.enter(MEETING, 0);
  await vault.keepEpoch(MEETING, SECRETS);
  const later = 3 * LONGEST_KEPT_MS;
  await vault.stillUsed(later);

  const loaded = new Vault(Promise.resolve(store), loneLocks());
  await loaded.sweep(later + STILL_USED_MS);
  assert.deepEqual((await loaded.enter(MEETING, later + STILL_USED_MS)).epochs, [SECRETS]);
  await loaded.sweep(later + LONGEST_KEPT_MS);
  assert.equal((await store.keys(MEETING)).size, 1);
});

test("entering a meeting again counts as using it", async () => {
  const store = new PageVaultStore();
  await filled(store);
  await found(store, MEETING, LONGEST_KEPT_MS);
  const another = new Vault(Promise.resolve(store), loneLocks());
  await another.sweep(LONGEST_KEPT_MS + 1);
  assert.equal((await store.keys(MEETING)).size, 2);
});

test("a page that leaves takes nothing from another that is still in the meeting", async () => {
  const [store, browser] = [new PageVaultStore(), new LockingBrowser()];
  const [leaving, staying] = [browser.page(), browser.page()].map((locks) => new Vault(Promise.resolve(store), locks));
  assert.ok(leaving && staying);
  await leaving.enter(MEETING, 0);
  await staying.enter(MEETING, 0);
  await leaving.keepEpoch(MEETING, SECRETS);
  await leaving.forget(MEETING);
  await staying.keepSeed(MEETING, SEED);
  assert.deepEqual(await found(store), { epochs: [SECRETS], seeds: [SEED] });

  await staying.forget(MEETING);
  assert.deepEqual([await store.meetings(), (await store.keys(MEETING)).size], [[], 0]);
});

test("what a page that is gone used goes with the last one that leaves", async () => {
  const [store, browser] = [new PageVaultStore(), new LockingBrowser()];
  let close = (): void => undefined;
  const gone = new Promise<void>((resolve) => (close = resolve));
  const [closed, leaving] = [browser.page(gone), browser.page()].map((locks) => new Vault(Promise.resolve(store), locks));
  assert.ok(closed && leaving);
  await closed.enter(MEETING, 0);
  await leaving.enter(MEETING, 0);
  close();
  await leaving.forget(MEETING);
  assert.deepEqual(await store.meetings(), []);
});

test("pages that leave at the same time leave nothing behind", async () => {
  const [store, browser] = [new PageVaultStore(), new LockingBrowser()];
  const vaults = Array.from({ length: 5 }, () => new Vault(Promise.resolve(store), browser.page()));
  for (const vault of vaults) await vault.enter(MEETING, 0);
  await Promise.all(vaults.map((vault) => vault.forget(MEETING)));
  assert.deepEqual(await store.meetings(), []);
});

test("a page that was refused the lock once holds it the next time", async () => {
  const [store, browser] = [new PageVaultStore(), new LockingBrowser()];
  const inMeeting = new Vault(Promise.resolve(store), locksRefusedOnce(browser.page()));
  await assert.rejects(inMeeting.enter(MEETING, 0), /refused/u);
  await inMeeting.enter(MEETING, 0);
  await inMeeting.keepEpoch(MEETING, SECRETS);
  await new Vault(Promise.resolve(store), browser.page()).sweep(2 * LONGEST_KEPT_MS);
  assert.equal((await store.keys(MEETING)).size, 1);
});

test("no other page deletes what is a day old while a page is in its meeting", async () => {
  const [store, browser] = [new PageVaultStore(), new LockingBrowser()];
  const inMeeting = new Vault(Promise.resolve(store), browser.page());
  await inMeeting.enter(MEETING, 0);
  await inMeeting.keepEpoch(MEETING, SECRETS);
  const other = new Vault(Promise.resolve(store), browser.page());
  await other.sweep(2 * LONGEST_KEPT_MS);
  await other.enter("rooms/b/meetings/1", 2 * LONGEST_KEPT_MS);
  assert.equal((await store.keys(MEETING)).size, 1);

  await inMeeting.enter("rooms/c/meetings/1", 2 * LONGEST_KEPT_MS);
  assert.equal((await store.keys(MEETING)).size, 0);
});
