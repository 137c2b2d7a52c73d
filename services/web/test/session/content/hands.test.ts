import assert from "node:assert/strict";
import { test } from "node:test";

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { signal } from "@preact/signals";

import type { Bytes } from "../../../src/crypto/bytes.ts";
import { ContentKind, ContentObjectSchema, ContentRecordSchema, HandAct, type Hand } from "../../../src/gen/conclave/v1/content_pb.js";
import { ParticipantSchema } from "../../../src/gen/conclave/v1/meetings_pb.js";
import { Role } from "../../../src/gen/conclave/v1/rooms_pb.js";
import { JoinedSchema, ServerMessageSchema } from "../../../src/gen/conclave/v1/signalling_pb.js";
import type { AnswerBody, RequestBody } from "../../../src/protocol/connection.ts";
import { ConnectionLost } from "../../../src/protocol/errors.ts";
import { raisedHands, rosterFrom, withHands, type Roster } from "../../../src/protocol/roster.ts";
import { ContentChannel } from "../../../src/session/content/channel.ts";
import { ANSWER_MS, CONFIRM_HANDS_MS, Hands } from "../../../src/session/content/hands.ts";
import { Seal } from "../../../src/session/content/seal.ts";
import { SimulatedClock, settled } from "../../protocol/simulated.ts";
import { managedSeal, TestedProtection } from "./protections.ts";
import { KEY } from "./chatting.ts";

type Sealed = { readonly id: string; readonly object: Bytes };

/** An end-to-end meeting: an appliance that hands on what is sealed, and its people. */
class Meeting {
  readonly clock = new SimulatedClock();
  readonly people = new Map<string, Person>();
  readonly sent: Sealed[] = [];
  setBackMs = 0;
  readonly #joined = new Map<string, number>();

  /** By the appliance's clock. */
  get nowMs(): number {
    return 10_000_000 + this.clock.now - this.setBackMs;
  }

  async join(id: string, role = Role.PARTICIPANT): Promise<Person> {
    const person = new Person(this, id, role);
    this.people.set(id, person);
    this.#joined.set(id, this.nowMs);
    this.#tellRoster();
    await person.enter();
    return person;
  }

  async leave(id: string): Promise<void> {
    this.people.delete(id);
    this.#tellRoster();
    await settled();
  }

  /** Hands on an object to whoever is online, as somebody's. */
  async carry(id: string, object: Bytes): Promise<void> {
    this.sent.push({ id, object });
    for (const person of this.people.values()) {
      const record = create(ContentRecordSchema, {
        kind: ContentKind.HAND,
        id: String(this.sent.length),
        senderParticipantId: id,
        own: person.id === id,
        createTimeMs: BigInt(this.nowMs),
        body: { case: "sealed", value: object },
      });
      if (person.online) person.channel.event(create(ServerMessageSchema, { body: { case: "contentAdded", value: { record } } }).body);
    }
    await settled();
  }

  /** What somebody's own client would never send. */
  async forge(id: string, act: HandAct, participantId: string, raiseTimeMs = 0n): Promise<void> {
    const content = { case: "hand", value: { act, participantId, raiseTimeMs } } as const;
    await this.carry(id, toBinary(ContentObjectSchema, create(ContentObjectSchema, { content })).toReversed() as Bytes);
  }

  #tellRoster(): void {
    const participants = [...this.people.values()].map(({ id, role }) => {
      return create(ParticipantSchema, { id, role, joinTime: timestampFromMs(this.#joined.get(id) ?? 0) });
    });
    for (const { id, roster } of this.people.values()) {
      roster.value = rosterFrom(create(JoinedSchema, { participantId: id, participants }), 0);
    }
  }
}

/** One client. */
class Person {
  readonly id: string;
  readonly role: Role;
  readonly protection = new TestedProtection();
  readonly roster = signal<Roster | undefined>(undefined);
  readonly channel: ContentChannel;
  readonly hands: Hands;
  online = true;
  readonly #meeting: Meeting;

  constructor(meeting: Meeting, id: string, role: Role) {
    this.#meeting = meeting;
    this.id = id;
    this.role = role;
    const request = (body: RequestBody): Promise<AnswerBody> => this.#request(body);
    this.channel = new ContentChannel(request, meeting.clock, new Seal(this.protection));
    this.hands = new Hands(this.channel, request, meeting.clock, this.roster);
    this.protection.ready();
  }

  /** Comes in, or back. */
  async enter(): Promise<void> {
    this.online = true;
    await this.channel.entered(KEY);
    await settled();
  }

  /** Whose hands this client shows, the one raised first first. */
  get shown(): string {
    assert.ok(this.roster.value);
    return raisedHands(withHands(this.roster.value, this.hands.raised.value).participants).map(({ id }) => id).join(" ");
  }

  async #request(body: RequestBody): Promise<AnswerBody> {
    if (!this.online) throw new ConnectionLost();
    if (body.case === "readContent") return create(ServerMessageSchema, { body: { case: "contentPage", value: {} } }).body;
    assert.ok(body.case === "sendContent" && body.value.body?.case === "sealed", `the appliance is told ${body.case}`);
    await this.#meeting.carry(this.id, body.value.body.value as Bytes);
    return create(ServerMessageSchema, { body: { case: "contentSent", value: {} } }).body;
  }
}

const handIn = ({ object }: Sealed): Hand => {
  const { content } = fromBinary(ContentObjectSchema, object.toReversed());
  assert.ok(content.case === "hand");
  return content.value;
};

async function meetingOf(...ids: string[]): Promise<{ meeting: Meeting; people: Person[] }> {
  const meeting = new Meeting();
  const people: Person[] = [];
  for (const id of ids) people.push(await meeting.join(id, id === "host" ? Role.HOST : Role.PARTICIPANT));
  await meeting.clock.advance(2 * ANSWER_MS);
  return { meeting, people };
}

/** Raises hands one after the other. */
async function raise(meeting: Meeting, ...people: Person[]): Promise<void> {
  for (const person of people) {
    await person.hands.set(true);
    await meeting.clock.advance(10);
  }
}

const shownBy = (people: Iterable<Person>): string[] => [...people].map(({ shown }) => shown);

test("hands are shown to everybody in the order in which they went up, until they go down", async () => {
  const { meeting, people } = await meetingOf("ada", "ben", "cyd");
  const [ada, ben, cyd] = people as [Person, Person, Person];
  await raise(meeting, cyd, ada, ben);
  // One that is up keeps its place.
  await raise(meeting, cyd);
  assert.deepEqual(shownBy(people), Array(3).fill("cyd ada ben"));
  await cyd.hands.set(false);
  assert.deepEqual(shownBy(people), Array(3).fill("ada ben"));
  await raise(meeting, cyd);
  assert.deepEqual(shownBy(people), Array(3).fill("ada ben cyd"));
});

test("who comes later is told which hands are up, in their order, and who is told again moves nobody", async () => {
  const { meeting, people } = await meetingOf("ada", "ben", "cyd");
  const [ada, ben, cyd] = people as [Person, Person, Person];
  await raise(meeting, cyd, ada, ben);
  await ada.hands.set(false);
  await meeting.clock.advance(60_000);
  const dan = await meeting.join("dan");
  assert.equal(dan.shown, "");
  await meeting.clock.advance(ANSWER_MS);
  await raise(meeting, dan);
  assert.deepEqual(shownBy(meeting.people.values()), Array(4).fill("cyd ben dan"));
});

test("many who come at once are answered once", async () => {
  const { meeting, people } = await meetingOf("ada");
  await raise(meeting, ...people);
  const before = meeting.sent.length;
  for (let number = 0; number < 20; number++) await meeting.join(`guest-${number}`);
  await meeting.clock.advance(10 * ANSWER_MS);
  assert.equal(meeting.sent.slice(before).filter(({ id }) => id === "ada").length, 1);
  assert.deepEqual(shownBy(meeting.people.values()), Array(21).fill("ada"));
});

test("who leaves has no hand up any more", async () => {
  const { meeting, people } = await meetingOf("ada", "ben");
  await raise(meeting, ...people);
  await meeting.leave("ada");
  assert.equal(people[1]?.shown, "ben");
});

test("a host lowers another's hand, which then stays down for those who come later", async () => {
  const { meeting, people } = await meetingOf("host", "ada", "ben");
  const [host, ada, ben] = people as [Person, Person, Person];
  await raise(meeting, ada, ben);
  await host.hands.lower("ada");
  assert.deepEqual(shownBy(people), Array(3).fill("ben"));
  await meeting.join("late");
  await meeting.clock.advance(2 * ANSWER_MS);
  assert.deepEqual(shownBy(meeting.people.values()), Array(4).fill("ben"));
});

test("nobody but hosts lowers another's hand, and nobody raises it", async () => {
  const { meeting, people } = await meetingOf("host", "ada", "ben");
  const [host, ada, ben] = people as [Person, Person, Person];
  await raise(meeting, ada);
  await ben.hands.lower("ada");
  await meeting.forge("nobody", HandAct.LOWERED, "ada");
  assert.deepEqual(shownBy(people), Array(3).fill("ada"));
  await host.hands.lower("ada");
  // Not even a host, nor with the time at which it was up.
  for (const id of ["host", "ben"]) await meeting.forge(id, HandAct.RAISED, "ada", 1_000_000n);
  await meeting.forge("ada", HandAct.UNSPECIFIED, "ada");
  await meeting.forge("ada", 99 as HandAct, "ada");
  assert.deepEqual(shownBy(people), ["", "", ""]);
});

test("what is not of a hand's kind, is readable or was refused raises none", async () => {
  const { meeting, people } = await meetingOf("ada", "ben");
  const [ada, ben] = people as [Person, Person];
  ben.protection.refused = "forged";
  await raise(meeting, ada);
  ben.protection.refused = undefined;
  const value = { act: HandAct.RAISED, participantId: "ada", raiseTimeMs: 0n };
  const clear = { case: "clear", value: { content: { case: "hand", value } } } as const;
  const facts = { senderParticipantId: "ada", createTimeMs: 1_000_500n };
  for (const record of [
    create(ContentRecordSchema, { ...facts, kind: ContentKind.HAND, body: clear }),
    create(ContentRecordSchema, { ...facts, kind: ContentKind.REACTION, body: { case: "sealed", value: meeting.sent.at(-1)?.object as Bytes } }),
  ]) {
    ben.channel.event(create(ServerMessageSchema, { body: { case: "contentAdded", value: { record } } }).body);
    await settled();
  }
  assert.equal(ben.shown, "");
});

test("nobody gets a place from the future, and one from the past is where it was", async () => {
  const { meeting, people } = await meetingOf("ada", "ben");
  await meeting.forge("ada", HandAct.RAISED, "ada", 1n << 62n);
  await meeting.clock.advance(10);
  await raise(meeting, people[1] as Person);
  assert.deepEqual(shownBy(people), ["ada ben", "ada ben"]);
});

test("nobody gets a place before they came, or before their hand was last down", async () => {
  const { meeting, people } = await meetingOf("ada", "ben", "cyd");
  const [, ben] = people as [Person, Person, Person];
  await raise(meeting, ben);
  const dan = await meeting.join("dan");
  await meeting.clock.advance(2 * ANSWER_MS);
  for (const id of ["ada", "dan"]) await meeting.forge(id, HandAct.RAISED, id, 1n);
  await raise(meeting, ...people.filter(({ id }) => id === "cyd"));
  assert.deepEqual(shownBy([...people, dan]), Array(4).fill("ben ada dan cyd"));
  const [late, last] = [await meeting.join("late"), await meeting.join("last")];
  // Told to those who know nothing of a hand: it has its place in the queue, but none before its person came.
  await meeting.forge("late", HandAct.RAISED, "late", 1n);
  await meeting.clock.advance(2 * ANSWER_MS);
  assert.deepEqual(shownBy([late, last]), Array(2).fill("ben ada dan cyd late"));
});

test("hands go up and down though the appliance's clock is set back", async () => {
  const { meeting, people } = await meetingOf("ada", "ben");
  const [ada] = people as [Person, Person];
  await raise(meeting, ada);
  meeting.setBackMs = 3_600_000;
  await ada.hands.set(false);
  assert.deepEqual(shownBy(people), ["", ""]);
  await raise(meeting, ada);
  assert.deepEqual(shownBy(people), ["ada", "ada"]);
});

test("when somebody comes, the appliance is told as much by those whose hand is up as by the others", async () => {
  const { meeting, people } = await meetingOf("ada", "ben", "cyd");
  const [ada, ben] = people as [Person, Person, Person];
  await raise(meeting, ada, ben);
  await ben.hands.set(false);
  const before = meeting.sent.length;
  await meeting.join("late");
  await meeting.clock.advance(10 * ANSWER_MS);
  const tellers = meeting.sent.slice(before).map(({ id }) => id);
  // The one who comes asks before.
  assert.deepEqual(tellers.toSorted(), ["ada", "ben", "cyd", "late", "late"]);
});

test("a hand that has just gone up is said to be up, though one's own client has not heard of it yet", async () => {
  const { meeting, people } = await meetingOf("ada", "ben");
  const [ada, ben] = people as [Person, Person];
  ada.protection.refused = "future-epoch";
  await raise(meeting, ada);
  ada.protection.refused = undefined;
  const late = await meeting.join("late");
  await meeting.clock.advance(ANSWER_MS);
  assert.deepEqual(shownBy([ada, ben, late]), Array(3).fill("ada"));
});

test("who comes back knows which hands went up and down meanwhile, and keeps the own", async () => {
  const { meeting, people } = await meetingOf("ada", "ben", "cyd", "dan");
  const [ada, ben, cyd, dan] = people as [Person, Person, Person, Person];
  await raise(meeting, ada, ben, cyd);
  ada.online = false;
  await ben.hands.set(false);
  await raise(meeting, dan);
  await ada.enter();
  // Nothing flickers until those had time to answer whose hands are up.
  assert.equal(ada.shown, "ada ben cyd");
  await meeting.clock.advance(CONFIRM_HANDS_MS);
  assert.deepEqual(shownBy(people), Array(4).fill("ada cyd dan"));
});

test("who was lowered while away and comes back has the hand up for all or for none", async () => {
  const { meeting, people } = await meetingOf("host", "ada");
  const [host, ada] = people as [Person, Person];
  await raise(meeting, ada);
  ada.online = false;
  await host.hands.lower("ada");
  await ada.enter();
  await meeting.clock.advance(CONFIRM_HANDS_MS);
  assert.deepEqual(shownBy(people), ["ada", "ada"]);
});

test("an answer that waits does not raise a hand that goes down meanwhile", async () => {
  const { meeting, people } = await meetingOf("ada");
  const [ada] = people as [Person];
  await raise(meeting, ada);
  const late = await meeting.join("late");
  await meeting.clock.advance(ANSWER_MS / 2);
  await ada.hands.set(false);
  await meeting.clock.advance(2 * ANSWER_MS);
  assert.deepEqual([ada.shown, late.shown], ["", ""]);
  assert.equal(meeting.sent.map(handIn).filter(({ act }) => act === HandAct.RAISED).length, 1);
});

test("a hand that goes up while there are no keys is said when there are", async () => {
  const { people } = await meetingOf("ada", "ben");
  const [ada, ben] = people as [Person, Person];
  ada.protection.unsealable = "no-key";
  void ada.hands.set(true);
  await settled();
  assert.equal(ben.shown, "");
  ada.protection.ready();
  await settled();
  assert.deepEqual(shownBy(people), ["ada", "ada"]);
});

test("a new meeting begins with all hands down", async () => {
  const { meeting, people } = await meetingOf("ada", "ben");
  const [ada, ben] = people as [Person, Person];
  await raise(meeting, ada, ben);
  ada.channel.forget();
  await settled();
  assert.equal(ada.shown, "");
});

test("everything that is said of hands is equally long", async () => {
  const { meeting, people } = await meetingOf("host", "ada1");
  const [host, ada] = people as [Person, Person];
  await raise(meeting, ada);
  await meeting.join("late");
  await meeting.clock.advance(ANSWER_MS);
  await host.hands.lower("ada1");
  await ada.hands.set(false);
  const said = meeting.sent.map(handIn);
  const acts = new Set(said.map(({ act }) => act));
  assert.deepEqual(acts, new Set([HandAct.ASKED, HandAct.RAISED, HandAct.LOWERED]));
  assert.ok(said.some(({ raiseTimeMs = 0n }) => raiseTimeMs > 0n));
  assert.equal(new Set(meeting.sent.map(({ object }) => object.length)).size, 1);
});

test("in a managed room the appliance is asked", async () => {
  const asked: RequestBody[] = [];
  const request = async (body: RequestBody): Promise<AnswerBody> => {
    asked.push(body);
    return create(ServerMessageSchema, { body: { case: "ack", value: {} } }).body;
  };
  const clock = new SimulatedClock();
  const hands = new Hands(new ContentChannel(request, clock, managedSeal()), request, clock, signal(undefined));
  await hands.set(true);
  await hands.lower("ada");
  hands.entered();
  assert.deepEqual(asked, [
    { case: "setHand", value: { raised: true } },
    { case: "lowerHand", value: { participantId: "ada" } },
  ]);
});
