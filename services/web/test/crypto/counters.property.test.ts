import assert from "node:assert/strict";
import { test } from "node:test";

import type { Bytes } from "../../src/crypto/bytes.ts";
import type { Codec } from "../../src/crypto/frames/clear.ts";
import { sealFrame } from "../../src/crypto/frames/seal.ts";
import { Context } from "../../src/crypto/keys/kid.ts";
import { KeyRing } from "../../src/crypto/keys/ring.ts";
import { MEETING_SUITE, type CipherSuite } from "../../src/crypto/sframe/suite.ts";
import { epochOf } from "./epochs.ts";
import { SeededRandom } from "./random.ts";
import { hex } from "./vectors.ts";

/** Counts how often each (key, nonce) encrypts. A nonce is a KID's salt and a counter: both come with the key. */
class Uses {
  readonly seen = new Set<string>();
  repeated = 0;

  readonly suite: CipherSuite = {
    ...MEETING_SUITE,
    importKey: async (key: Bytes) => {
      const name = hex(key);
      const seal = async (nonce: Bytes): Promise<Bytes> => {
        const use = `${name} ${hex(nonce)}`;
        if (this.seen.has(use)) this.repeated++;
        this.seen.add(use);
        return new Uint8Array(16);
      };
      return { seal, open: () => Promise.reject(new Error("nobody opens here")) };
    },
  };
}

interface Person {
  readonly id: string;
  leaf: number;
  ring: KeyRing;
  /** Epochs that were committed and have not reached this client, oldest first. */
  readonly waiting: (() => void)[];
  /** The sources that send now; each is a stream of its own, made anew by reconnects and device changes. */
  readonly streams: Set<(layers: number) => Promise<void>>;
}

const SOURCES: [Context, Codec][] = [
  [Context.MICROPHONE, "opus"],
  [Context.CAMERA, "vp8"],
  [Context.SCREEN, "vp9"],
  [Context.SCREEN_AUDIO, "opus"],
];
const FRAME = Uint8Array.of(0x31, 1, 2, 3);

/** A meeting whose people come, go, reload, reconnect and change what they send, as a random sequence of steps. */
class Meeting {
  readonly uses = new Uses();
  readonly #random: SeededRandom;
  #group = Uint8Array.of(0);
  #epoch = 0n;
  #nowMs = 0;
  #people: Person[] = [];
  #named = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  get epoch(): bigint {
    return this.#epoch;
  }

  async step(): Promise<void> {
    this.#nowMs += this.#random.below(2_000);
    const steps = [this.#come, this.#go, this.#reload, this.#send, this.#send, this.#send, this.#startStream];
    const rarer = [this.#reconnect, this.#catchUp, this.#catchUp, this.#refresh, this.#offerAgain];
    if (this.#random.below(800) === 0) await this.#foundAnew();
    await this.#random.pick([...steps, ...rarer]).call(this);
  }

  async #come(): Promise<void> {
    if (this.#people.length < 6) await this.#commit([], [this.#person(`p${this.#named++}`)]);
  }

  async #go(): Promise<void> {
    if (this.#people.length > 1) await this.#commit([this.#random.pick(this.#people)], []);
  }

  /** The page is loaded anew: the worker and its keys are lost; the same person joins as a new leaf. */
  async #reload(): Promise<void> {
    if (this.#people.length === 0) return;
    const lost = this.#random.pick(this.#people);
    await this.#commit([lost], [this.#person(lost.id)]);
  }

  async #refresh(): Promise<void> {
    await this.#commit([], []);
  }

  /** Everybody is gone for a while: a new group begins, with epochs and leaves that were there before. */
  async #foundAnew(): Promise<void> {
    const ids = this.#people.map((person) => person.id);
    this.#people = [];
    this.#group = this.#random.bytes(16);
    this.#epoch = 0n;
    await this.#commit([], ids.map((id) => this.#person(id)));
  }

  async #commit(gone: readonly Person[], come: readonly Person[]): Promise<void> {
    this.#epoch += 1n;
    this.#people = this.#people.filter((person) => !gone.includes(person));
    for (const person of come) {
      const used = new Set(this.#people.map((other) => other.leaf));
      while (used.has(person.leaf)) person.leaf++;
      this.#people.push(person);
    }
    const leaves = Object.fromEntries(this.#people.map((person) => [person.leaf, person.id]));
    const baseKey = this.#random.bytes(32);
    for (const person of this.#people) {
      const secrets = await epochOf(this.#epoch, person.leaf, leaves, baseKey, this.#group);
      person.waiting.push(() => void person.ring.install(secrets, this.#nowMs));
      if (come.includes(person) || this.#random.below(3) > 0) this.#process(person, person.waiting.length);
    }
  }

  async #catchUp(): Promise<void> {
    if (this.#people.length === 0) return;
    const person = this.#random.pick(this.#people);
    this.#process(person, this.#random.below(person.waiting.length + 1));
  }

  #process(person: Person, count: number): void {
    for (const install of person.waiting.splice(0, count)) install();
  }

  /** A delivery service that says an old commit again: the ring refuses what it has had. */
  async #offerAgain(): Promise<void> {
    if (this.#people.length === 0) return;
    const person = this.#random.pick(this.#people);
    const current = person.ring.sending(Number.MAX_SAFE_INTEGER)?.number;
    if (current === undefined) return;
    const again = await epochOf(current, person.leaf, { [person.leaf]: person.id }, this.#random.bytes(32), this.#group);
    assert.throws(() => person.ring.install(again, this.#nowMs));
  }

  async #startStream(): Promise<void> {
    if (this.#people.length === 0) return;
    const person = this.#random.pick(this.#people);
    const [context, codec] = this.#random.pick(SOURCES);
    const streams = [...person.streams];
    if (streams.length > 3) person.streams.delete(this.#random.pick(streams));
    person.streams.add(async (layers) => {
      const sealing = Array.from({ length: layers }, () => sealFrame(person.ring, context, codec, FRAME, this.#nowMs));
      await Promise.all(sealing);
    });
  }

  /** All streams go and come again, as with a new peer connection; the worker stays. */
  async #reconnect(): Promise<void> {
    if (this.#people.length === 0) return;
    const person = this.#random.pick(this.#people);
    person.streams.clear();
    await this.#startStream();
  }

  async #send(): Promise<void> {
    const streams = this.#people.flatMap((person) => [...person.streams]);
    if (streams.length === 0) return;
    const chosen = Array.from({ length: 4 }, () => this.#random.pick(streams));
    await Promise.all(chosen.map((stream) => stream(1 + this.#random.below(3))));
  }

  #person(id: string): Person {
    return { id, leaf: 0, ring: new KeyRing(this.#group, this.uses.suite), waiting: [], streams: new Set() };
  }
}

for (const seed of [1, 2, 3]) {
  test(`no (key, KID, counter) is used twice in a long meeting, seed ${seed}`, async () => {
    const meeting = new Meeting(seed);
    let epochs = 0n;
    for (let step = 0; step < 3_000; step++) {
      await meeting.step();
      if (meeting.epoch > epochs) epochs = meeting.epoch;
    }
    assert.equal(meeting.uses.repeated, 0);
    assert.ok(meeting.uses.seen.size > 4_000, `${meeting.uses.seen.size} frames`);
    assert.ok(epochs > 256n, `the epoch bits went round: ${epochs} epochs`);
  });
}

test("the same check finds a worker that begins anew under the keys that it had", async () => {
  const uses = new Uses();
  for (let life = 0; life < 2; life++) {
    const ring = new KeyRing(Uint8Array.of(1, 2, 3), uses.suite);
    ring.install(await epochOf(1n, 0, { 0: "anna" }), 0);
    await sealFrame(ring, Context.MICROPHONE, "opus", FRAME, 0);
  }
  assert.equal(uses.repeated, 1);
});
