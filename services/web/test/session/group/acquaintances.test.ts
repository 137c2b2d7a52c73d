import assert from "node:assert/strict";
import { test } from "node:test";

import { Pins } from "../../../src/crypto/identity/pins.ts";
import { PageStore } from "../../../src/crypto/identity/store.ts";
import type { Member } from "../../../src/crypto/member.ts";
import { Acquaintances } from "../../../src/session/group/acquaintances.ts";
import { member } from "../../crypto/epochs.ts";

/** What a browser remembers, and how often it was asked. */
class CountingStore extends PageStore {
  asked = 0;

  override async keep(name: string, value: unknown): Promise<unknown> {
    this.asked++;
    return await super.keep(name, value);
  }
}

function person(leaf: number, subject: string, keyByte = leaf): Member {
  return { ...member(leaf, subject), subject, identityKey: new Uint8Array(32).fill(keyByte) };
}

test("an epoch that brings one more person asks for that one alone", async () => {
  const store = new CountingStore();
  const known = new Acquaintances(new Pins(store), new Uint8Array(32));
  const [anna, ben] = [person(1, "anna"), person(2, "ben")];
  await known.meet([anna]);
  await known.meet([anna, ben]);
  await known.meet([anna, ben]);
  assert.equal(store.asked, 2);
  assert.deepEqual([...known.standings.value], [["anna", "unverified"], ["ben", "unverified"]]);
});

test("who was verified stays so through epochs, and another key of theirs is told", async () => {
  const known = new Acquaintances(new Pins(new PageStore()), new Uint8Array(32));
  const anna = person(1, "anna");
  await known.meet([anna]);
  await known.verify(anna);
  await known.meet([anna]);
  assert.equal(known.standings.value.get("anna"), "verified");
  await known.meet([person(1, "anna", 77)]);
  assert.equal(known.standings.value.get("anna"), "changed");
});

test("what the browser could not tell is asked for again", async () => {
  let fails = true;
  class FailingStore extends PageStore {
    override async keep(name: string, value: unknown): Promise<unknown> {
      if (fails) throw new Error("the database is gone");
      return await super.keep(name, value);
    }
  }
  const known = new Acquaintances(new Pins(new FailingStore()), new Uint8Array(32));
  await assert.rejects(known.meet([person(1, "anna")]));
  fails = false;
  await known.meet([person(1, "anna")]);
  assert.equal(known.standings.value.get("anna"), "unverified");
});
