import assert from "node:assert/strict";
import { test } from "node:test";

import type { Bytes } from "../../../src/crypto/bytes.ts";
import { pairFingerprint } from "../../../src/crypto/identity/fingerprint.ts";
import { ownIdentity } from "../../../src/crypto/identity/own.ts";
import { DeploymentChanged, Pins } from "../../../src/crypto/identity/pins.ts";
import { PageStore } from "../../../src/crypto/identity/store.ts";

function key(first: number): Bytes {
  return new Uint8Array(32).fill(7).fill(first, 0, 1);
}

test("the identity key is made once, signs, and cannot be taken out", async () => {
  const store = new PageStore();
  const identity = await ownIdentity(store);
  const again = await ownIdentity(store);
  assert.deepEqual(again.publicKey, identity.publicKey);
  assert.equal(identity.privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("pkcs8", identity.privateKey));
  const message = Uint8Array.of(1, 2, 3);
  const signature = await crypto.subtle.sign("Ed25519", again.privateKey, message);
  const verifies = await crypto.subtle.importKey("raw", identity.publicKey, "Ed25519", false, ["verify"]);
  assert.ok(await crypto.subtle.verify("Ed25519", verifies, signature, message));
});

test("two pages that make it at the same moment agree", async () => {
  const store = new PageStore();
  const [one, other] = await Promise.all([ownIdentity(store), ownIdentity(store)]);
  assert.deepEqual(one.publicKey, other.publicKey);
});

test("the deployment's key of the first visit stays, whatever the appliance says later", async () => {
  const pins = new Pins(new PageStore());
  await pins.checkDeployment(key(1));
  await pins.checkDeployment(key(1));
  await assert.rejects(pins.checkDeployment(key(2)), DeploymentChanged);
  await assert.rejects(pins.checkDeployment(key(2)), DeploymentChanged, "asking twice changes nothing");
  await pins.checkDeployment(key(1));
});

test("a person is unverified until codes are compared, and changed under another key until they are again", async () => {
  const pins = new Pins(new PageStore());
  const person = { subject: "people/7", identityKey: key(1) };
  const replaced = { subject: "people/7", identityKey: key(2) };
  assert.equal(await pins.meet(person), "unverified");
  assert.equal(await pins.meet(replaced), "changed", "the first key is pinned before anybody verified it");
  await pins.verify(person);
  assert.equal(await pins.meet(person), "verified");
  assert.equal(await pins.meet(replaced), "changed");
  assert.equal(await pins.meet(replaced), "changed", "meeting it twice accepts nothing");
  await pins.verify(replaced);
  assert.deepEqual([await pins.meet(replaced), await pins.meet(person)], ["verified", "changed"]);
});

test("a guest is a guest until verified, and only under that key", async () => {
  const pins = new Pins(new PageStore());
  const guest = { subject: "", identityKey: key(1) };
  assert.deepEqual([await pins.meet(guest), await pins.meet(guest)], ["guest", "guest"]);
  await pins.verify(guest);
  assert.equal(await pins.meet(guest), "verified");
  assert.equal(await pins.meet({ subject: "", identityKey: key(2) }), "guest");
});

test("two people see the same 45 digits, and others others", async () => {
  const ours = await pairFingerprint(key(1), key(2));
  assert.match(ours.join(" "), /^(\d{5} ){8}\d{5}$/);
  assert.deepEqual(await pairFingerprint(key(2), key(1)), ours);
  assert.notDeepEqual(await pairFingerprint(key(1), key(3)), ours);
});
