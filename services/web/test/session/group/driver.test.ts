import assert from "node:assert/strict";
import { test } from "node:test";

import { Meeting, type Person } from "./person.ts";

type Three = [Person, Person, Person];
const FRAME = Uint8Array.of(0x78, 200, 201, 202);

test("the first founds, the others come in by Welcome, and all hear each other under one code", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [anna, ben, cleo] = people as Three;
  assert.deepEqual(people.map(({ view }) => [view?.epoch, view?.leaf]), [[2, 0], [2, 1], [2, 2]]);
  for (const [from, to] of [[anna, ben], [ben, cleo], [cleo, anna]] as const) {
    assert.ok(await meeting.hears(from, to), `${from.id} to ${to.id}`);
  }
});

test("people who come while a commit is under way come in with the next", async () => {
  const { meeting } = await Meeting.of("anna");
  await Promise.all(["ben", "cleo", "dora", "emil"].map((id) => meeting.comes(id)));
  await meeting.agrees();
  assert.equal(meeting.service.group?.leaves.size, 5);
});

test("of two commits for one epoch one holds, its loser takes the other's, and nobody enters anew", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [anna, ben] = people as Three;
  const { service } = meeting;
  const { entries } = service;
  // The second is asked before the first has answered, as after a second of silence.
  const asked = service.askForWhatIsPending.bind(service);
  service.askForWhatIsPending = () => {
    asked(0);
    asked(1);
  };
  await meeting.comes("dora");
  await meeting.agrees();
  assert.deepEqual([anna.view?.leaf, ben.view?.leaf, service.entries], [0, 1, entries + 1]);
});

test("a client that had no network for 30 s reads what it missed and goes on with its leaf", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [, , cleo] = people as Three;
  cleo.cut();
  await meeting.comes("dora");
  await meeting.until(() => meeting.people[0]?.view?.epoch === 3);
  await meeting.clock.advance(30_000);
  cleo.connect();
  cleo.driver.resume();
  await meeting.agrees();
  assert.equal(cleo.view?.leaf, 2);
});

test("one that was gone for so long that it was removed comes in anew", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [anna, , cleo] = people as Three;
  cleo.cut();
  meeting.service.leave("cleo");
  await meeting.until(() => anna.view?.people === "anna,ben");
  cleo.connect();
  cleo.driver.resume();
  await meeting.agrees();
  assert.ok(await meeting.hears(cleo, anna));
});

test("who loses the network while waiting for a Welcome finds it afterwards", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben");
  const [anna] = people as [Person];
  const cleo = await meeting.comes("cleo");
  cleo.spoil = (body) => (body.case === "groupWelcome" ? [] : [body]);
  await meeting.until(() => anna.view?.people === "anna,ben,cleo");
  cleo.cut();
  cleo.connect();
  cleo.driver.resume();
  await meeting.agrees();
});

test("a Welcome that is lost without a loss of the network is asked for after a while", async () => {
  const { meeting } = await Meeting.of("anna", "ben");
  const cleo = await meeting.comes("cleo");
  cleo.spoil = (body) => (body.case === "groupWelcome" ? [] : [body]);
  await meeting.agrees(50);
  assert.ok(meeting.nowMs >= 5_000);
  assert.equal(meeting.service.entries, 3);
});

test("a page that is loaded anew is a new leaf of the same person, and the old one is gone", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [anna, , cleo] = people as Three;
  const before = meeting.service.group?.epoch ?? 0n;
  const again = await meeting.reloads(cleo);
  await meeting.until(() => (again.view?.epoch ?? 0) > Number(before));
  await meeting.agrees();
  assert.ok(await meeting.hears(again, anna));
  const wire = await anna.sends(FRAME);
  assert.ok(wire);
  assert.notEqual(await cleo.refusal(anna, wire), undefined, "the page before it has nothing of the new epoch");
});

test("a group that is retired is founded anew", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [anna, ben] = people as Three;
  const before = anna.view?.code;
  meeting.service.retire();
  await meeting.until(() => people.every(({ view }) => view?.code !== before));
  await meeting.agrees();
  assert.ok(await meeting.hears(anna, ben));
});

test("the last one of a meeting is in a group of one, into which others come", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben");
  const [anna, ben] = people as [Person, Person];
  meeting.leaves(anna);
  await meeting.agrees();
  assert.equal(ben.view?.epoch, 0);
  const cleo = await meeting.comes("cleo");
  await meeting.agrees();
  assert.ok(await meeting.hears(ben, cleo));
});

test("asked with nobody to add or remove, a member renews the keys", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben");
  const [anna, ben] = people as [Person, Person];
  meeting.service.requestCommit("ben");
  await meeting.until(() => anna.view?.epoch === 2 && ben.view?.epoch === 2);
  assert.equal(anna.view?.code, ben.view?.code);
});

test("without a network nothing is given up, however long it lasts", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben");
  const [, ben] = people as [Person, Person];
  const { entries } = meeting.service;
  ben.cut();
  await meeting.clock.advance(600_000);
  assert.equal(ben.view?.people, "anna,ben");
  assert.equal(meeting.service.entries, entries);
});
