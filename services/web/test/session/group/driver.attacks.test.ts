import assert from "node:assert/strict";
import { test } from "node:test";

import { Meeting, type Person } from "./person.ts";
import type { Body } from "./service.ts";

type Three = [Person, Person, Person];
const FRAME = Uint8Array.of(0x78, 200, 201, 202);

const isHandshake = (body: Body): boolean => body.case === "groupHandshake";

test("who leaves is out of the next epoch, and what the leaver kept opens nothing of it", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [anna, ben, cleo] = people as Three;
  meeting.leaves(cleo);
  await meeting.agrees();
  const wire = await anna.sends(FRAME);
  assert.ok(wire);
  assert.equal(await ben.refusal(anna, wire), undefined);
  // A modified client: its session still has every key that it ever had.
  assert.equal(await cleo.refusal(anna, wire), "future-epoch");
  const message = meeting.service.group?.stream.at(-1)?.handshake.message;
  assert.ok(message);
  assert.equal((await cleo.session.process(message as never)).effect, "removed");
  assert.notEqual(await cleo.refusal(anna, wire), undefined);
  const kept = await cleo.sends(FRAME);
  assert.equal(kept, undefined);
});

test("messages that arrive in another order are taken in theirs", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [, , cleo] = people as Three;
  const held: Body[] = [];
  // The first comes after the second.
  cleo.spoil = (body) => {
    if (!isHandshake(body)) return [body];
    held.push(body);
    return held.length === 2 ? [...held].reverse() : held.length > 2 ? [body] : [];
  };
  await meeting.comes("dora");
  await meeting.until(() => meeting.people[0]?.view?.epoch === 3);
  await meeting.comes("emil");
  await meeting.agrees();
  assert.equal(cleo.view?.leaf, 2);
  assert.deepEqual(meeting.service.stuck, []);
});

test("a message that is withheld is asked for as soon as the next one shows it", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [, , cleo] = people as Three;
  let withheld = 0;
  cleo.spoil = (body) => (isHandshake(body) && withheld++ === 0 ? [] : [body]);
  await meeting.comes("dora");
  await meeting.until(() => withheld === 1);
  await meeting.comes("emil");
  await meeting.agrees();
  assert.deepEqual([cleo.view?.leaf, meeting.service.stuck], [2, []]);
});

test("a service that never gives it loses this client to a new leaf, and nothing is sent meanwhile", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [, , cleo] = people as Three;
  const { service } = meeting;
  const read = service.read.bind(service);
  service.read = (id, groupId, after) => {
    const missed = read(id, groupId, after);
    return { ...missed, handshakes: missed.handshakes.slice(1) };
  };
  let withheld = 0;
  cleo.spoil = (body) => (isHandshake(body) && withheld++ === 0 ? [] : [body]);
  await meeting.comes("dora");
  await meeting.until(() => withheld === 1);
  await meeting.comes("emil");
  await meeting.until(() => cleo.givenUp === "withheld");
  assert.equal(await cleo.sends(FRAME), undefined);
  await meeting.agrees();
  assert.deepEqual(service.stuck, ["cleo"]);
});

test("what comes twice is passed over", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  for (const person of people) person.spoil = (body) => [body, body];
  await meeting.comes("dora");
  await meeting.agrees();
  const [first] = meeting.service.group?.stream ?? [];
  assert.ok(first);
  for (const person of people) person.driver.event({ case: "groupHandshake", value: first.handshake });
  await meeting.comes("emil");
  await meeting.agrees();
  assert.deepEqual(meeting.service.stuck, []);
});

for (const [what, spoilt] of [
  ["a commit of an earlier epoch under a new number", "stale-epoch"],
  ["a commit with one bit turned", "invalid"],
] as const) {
  test(`${what} is refused, and the one who got it comes back as a new leaf while the others go on`, async () => {
    const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
    const [anna, ben, cleo] = people as Three;
    const old = meeting.service.group?.stream.at(-1)?.handshake.message;
    let spoils = true;
    cleo.spoil = (body) => {
      if (body.case !== "groupHandshake" || !spoils) return [body];
      spoils = false;
      const message = (what.includes("bit") ? body.value.message : (old ?? body.value.message)).slice();
      if (what.includes("bit")) message[message.length - 5]! ^= 1;
      return [{ case: body.case, value: { ...body.value, message } }];
    };
    let why: string | undefined;
    cleo.driver.status.subscribe(() => (why ??= cleo.givenUp));
    await meeting.comes("dora");
    await meeting.agrees();
    assert.equal(why, spoilt);
    assert.deepEqual(meeting.service.stuck, ["cleo"]);
    assert.deepEqual([anna.view?.leaf, ben.view?.leaf], [0, 1]);
    assert.ok(await meeting.hears(cleo, anna));
  });
}

test("a service that shows people different commits has them in groups that hear nothing of each other", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben", "cleo");
  const [anna, ben, cleo] = people as Three;
  const { group } = meeting.service;
  assert.ok(group);
  const value = { groupId: group.id, sequence: BigInt(group.stream.length + 1), epoch: group.epoch };
  const [toAnna, toOthers] = [await anna.session.commit({}), await ben.session.commit({})];
  const told = (message: Uint8Array): Body => ({ case: "groupHandshake", value: { ...value, message } as never });
  anna.driver.event(told(toAnna.message));
  for (const other of [ben, cleo]) other.driver.event(told(toOthers.message));
  await meeting.until(() => people.every(({ view }) => view?.epoch === 3));
  assert.equal(ben.view?.code, cleo.view?.code);
  assert.notEqual(anna.view?.code, ben.view?.code);
  assert.ok(await meeting.hears(ben, cleo));
  const wire = await ben.sends(FRAME);
  assert.ok(wire);
  assert.equal(await anna.refusal(ben, wire), "forged");
});

test("a Welcome that is spoilt makes its client try once more, with another leaf", async () => {
  const { meeting, people } = await Meeting.of("anna", "ben");
  const cleo = await meeting.comes("cleo");
  cleo.spoil = (body) => {
    if (body.case !== "groupWelcome") return [body];
    cleo.spoil = (other) => [other];
    const welcome = body.value.welcome.slice();
    welcome[welcome.length - 5]! ^= 1;
    return [{ case: body.case, value: { ...body.value, welcome } }];
  };
  await meeting.agrees(50);
  assert.deepEqual(meeting.service.stuck, ["cleo"]);
  assert.ok(await meeting.hears(cleo, people[0] as Person));
});

test("one whom nobody vouches for stays out and keeps nobody waiting", async () => {
  const { meeting } = await Meeting.of("anna", "ben");
  const mallory = await meeting.comes("mallory");
  mallory.statement = () => "ben";
  const dora = await meeting.comes("dora");
  await meeting.until(() => dora.view?.people === "anna,ben,dora");
  assert.equal(mallory.view, undefined);
});
