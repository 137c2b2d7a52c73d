import assert from "node:assert/strict";
import { test } from "node:test";

import type { Bytes } from "../../src/crypto/bytes.ts";
import { COMING_MS } from "../../src/crypto/frames/coming.ts";
import { Context } from "../../src/crypto/keys/kid.ts";
import { ADD_GRACE_MS } from "../../src/crypto/keys/ring.ts";
import type { EncodedFrame, Frames } from "../../src/crypto/worker/frames.ts";
import { Session, type FramesChanged } from "../../src/crypto/worker/session.ts";
import { settled, SimulatedClock } from "../protocol/simulated.ts";
import { DEPLOYMENT, ed25519, MEETING, pageVault, POLICY } from "./people.ts";
import { hex } from "./vectors.ts";

/** As encoders give them: 640x360 in the VP8 key frame's header. */
const KEY_FRAME = Uint8Array.of(0x50, 1, 2, 0x9d, 0x01, 0x2a, 128, 2, 104, 1, 200, 201, 202, 203);
const DELTA_FRAME = Uint8Array.of(0x31, 7, 8, 200, 201, 202, 203);
const OPUS_FRAME = Uint8Array.of(0x78, 200, 201, 202);

/** One person's worker, without a browser. */
class Person {
  readonly changes: FramesChanged[] = [];
  readonly session: Session;
  leavings = 0;

  constructor(clock: SimulatedClock) {
    this.session = new Session(
      // As posted: a copy of what is true at the moment.
      (change) => this.changes.push(structuredClone(change)),
      () => this.leavings++,
      { nowMs: () => clock.now, after: (ms, callback) => clock.after(ms, callback) },
      pageVault(),
    );
  }

  async keyPackage(id: string): Promise<Bytes> {
    const { privateKey, publicKey } = await ed25519();
    const vouched = await DEPLOYMENT.vouch(id, publicKey);
    const keys = { identityKey: privateKey, deploymentKey: DEPLOYMENT.publicKey };
    return await this.session.enrol({ vouched, meeting: MEETING, policy: POLICY, ...keys }, Date.now());
  }
}

async function meeting(clock: SimulatedClock, ...ids: string[]): Promise<Person[]> {
  const [founder, ...others] = ids.map(() => new Person(clock));
  assert.ok(founder);
  await founder.keyPackage(ids[0] ?? "");
  await founder.session.found();
  const add = await Promise.all(others.map((other, index) => other.keyPackage(ids[index + 1] ?? "")));
  const { message, welcome } = await founder.session.commit({ add });
  await founder.session.process(message);
  assert.ok(welcome);
  for (const other of others) await other.session.join(welcome);
  await clock.advance(ADD_GRACE_MS);
  return [founder, ...others];
}

function encoded(bytes: Bytes, mimeType?: string): EncodedFrame {
  return { data: bytes.slice().buffer, getMetadata: () => (mimeType === undefined ? {} : { mimeType }) };
}

/** What goes out of a sender for a frame, or undefined. */
async function through(frames: Frames, frame: EncodedFrame): Promise<Bytes | undefined> {
  return (await frames.take(frame)) ? new Uint8Array(frame.data) : undefined;
}

test("frames of a camera and a microphone pass from worker to worker, with the clear bytes that packetizers need", async () => {
  const clock = new SimulatedClock();
  const [anna, ben] = (await meeting(clock, "anna", "ben")) as [Person, Person];
  for (const [frame, mimeType, clear] of [
    [KEY_FRAME, "video/VP8", 10],
    [DELTA_FRAME, "video/VP8", 3],
    [KEY_FRAME, "video/VP9", 0],
    [OPUS_FRAME, "audio/opus", 0],
  ] as const) {
    const context = mimeType === "audio/opus" ? Context.MICROPHONE : Context.CAMERA;
    ben.session.announce("5", { participantId: "anna", context });
    const wire = await through(anna.session.sent(context), encoded(frame, mimeType));
    assert.ok(wire);
    assert.equal(hex(wire.subarray(0, clear)), hex(frame.subarray(0, clear)));
    // The plaintext bytes after the clear ones appear nowhere.
    assert.equal(hex(wire).includes(hex(frame.subarray(clear))), false);
    const played = await through(ben.session.received("5"), encoded(wire, mimeType));
    assert.equal(hex(played ?? new Uint8Array()), hex(frame), mimeType);
  }
});

test("without keys, without an announced source and in other codecs nothing passes, and the page learns why once", async () => {
  const clock = new SimulatedClock();
  const outside = new Person(clock);
  const sent = outside.session.sent(Context.CAMERA);
  for (let count = 0; count < 3; count++) assert.equal(await sent.take(encoded(KEY_FRAME, "video/VP8")), false);
  assert.deepEqual(outside.changes, [
    { direction: "sent", of: "1", tally: { passed: 0, stopped: 1, why: "no-key" } },
  ]);
  assert.equal(sent.tally.stopped, 3);
  const [anna, ben] = (await meeting(clock, "anna", "ben")) as [Person, Person];
  for (const mimeType of ["video/H264", "video/AV1", "audio/PCMU", undefined]) {
    assert.equal(await anna.session.sent(Context.CAMERA).take(encoded(KEY_FRAME, mimeType)), false);
  }
  const wire = await through(anna.session.sent(Context.CAMERA), encoded(KEY_FRAME, "video/VP8"));
  assert.ok(wire);
  assert.equal(await ben.session.received("5").take(encoded(wire, "video/VP8")), false);
  assert.equal(ben.changes.at(-1)?.tally.why, "wrong-source");
  // A readable frame that the appliance makes up is not played either.
  ben.session.announce("5", { participantId: "anna", context: Context.CAMERA });
  assert.equal(await ben.session.received("5").take(encoded(KEY_FRAME, "video/VP8")), false);
});

test("a slot that changes to another source plays only that one from then on", async () => {
  const clock = new SimulatedClock();
  const [anna, ben, cleo] = (await meeting(clock, "anna", "ben", "cleo")) as [Person, Person, Person];
  const slot = cleo.session.received("5");
  const fromAnna = anna.session.sent(Context.CAMERA);
  const fromBen = ben.session.sent(Context.CAMERA);
  const play = async (sender: Frames): Promise<boolean> => {
    const wire = await through(sender, encoded(DELTA_FRAME, "video/VP8"));
    return await slot.take(encoded(wire ?? new Uint8Array(), "video/VP8"));
  };
  cleo.session.announce("5", { participantId: "anna", context: Context.CAMERA });
  assert.deepEqual([await play(fromAnna), await play(fromBen)], [true, false]);
  cleo.session.announce("5", { participantId: "ben", context: Context.CAMERA });
  assert.deepEqual([await play(fromAnna), await play(fromBen)], [false, true]);
  cleo.session.announce("5", undefined);
  assert.deepEqual([await play(fromAnna), await play(fromBen)], [false, false]);
});

test("a removal changes the keys at once, asks for key frames, and shuts the removed worker", async () => {
  const clock = new SimulatedClock();
  const [anna, ben, cleo] = (await meeting(clock, "anna", "ben", "cleo")) as [Person, Person, Person];
  const { message } = await anna.session.commit({ remove: [2] });
  const done = await Promise.all([anna, ben, cleo].map((person) => person.session.process(message)));
  assert.deepEqual(done.map(({ effect }) => effect), ["epoch", "epoch", "removed"]);
  assert.deepEqual([anna.leavings, ben.leavings, cleo.leavings], [1, 1, 0]);
  assert.equal(done[0]?.view.code.join(), done[1]?.view.code.join());
  const wire = await through(anna.session.sent(Context.MICROPHONE), encoded(OPUS_FRAME, "audio/opus"));
  assert.ok(wire);
  for (const [person, plays] of [[ben, true], [cleo, false]] as const) {
    person.session.announce("1", { participantId: "anna", context: Context.MICROPHONE });
    assert.equal(await person.session.received("1").take(encoded(wire, "audio/opus")), plays);
  }
  assert.equal(await cleo.session.sent(Context.MICROPHONE).take(encoded(OPUS_FRAME, "audio/opus")), false);
});

test("frames of an epoch that is on its way wait for it, and so do those after them", async () => {
  const clock = new SimulatedClock();
  const [anna, ben] = (await meeting(clock, "anna", "ben", "cleo")) as [Person, Person];
  ben.session.announce("5", { participantId: "anna", context: Context.CAMERA });
  const [camera, slot] = [anna.session.sent(Context.CAMERA), ben.session.received("5")];
  await slot.take(encoded((await through(camera, encoded(KEY_FRAME, "video/VP8"))) ?? new Uint8Array(), "video/VP8"));
  ben.changes.length = 0;
  const removal = await anna.session.commit({ remove: [2] });
  await anna.session.process(removal.message);
  const second = await anna.session.commit({});
  await anna.session.process(second.message);
  await clock.advance(ADD_GRACE_MS);
  const wire = await through(camera, encoded(KEY_FRAME, "video/VP8"));
  assert.ok(wire);
  const played = through(slot, encoded(wire, "video/VP8"));
  await settled();
  await clock.advance(COMING_MS / 2);
  await ben.session.process(removal.message);
  await clock.advance(COMING_MS / 2 - 1);
  await ben.session.process(second.message);
  assert.equal(hex((await played) ?? new Uint8Array()), hex(KEY_FRAME));
  // Nothing was stopped, so nobody is told, and no key frame is asked for.
  assert.deepEqual(ben.changes, []);
});

test("who claims an epoch that never comes holds up one slot, once", async () => {
  const clock = new SimulatedClock();
  const [anna, ben] = (await meeting(clock, "anna", "ben", "cleo", "dora")) as [Person, Person];
  const camera = anna.session.sent(Context.CAMERA);
  const made = async (): Promise<EncodedFrame> =>
    encoded((await through(camera, encoded(DELTA_FRAME, "video/VP8"))) ?? new Uint8Array(), "video/VP8");
  for (const mid of ["5", "6"]) ben.session.announce(mid, { participantId: "anna", context: Context.CAMERA });
  const [slot, other] = [ben.session.received("5"), ben.session.received("6")];
  const known = [await made(), await made()];
  const { message } = await anna.session.commit({ remove: [2] });
  await anna.session.process(message);
  const held = slot.take(await made());
  assert.equal(await other.take(known[0] as EncodedFrame), true);
  await settled();
  await clock.advance(COMING_MS);
  assert.equal(await held, false);
  assert.equal(slot.tally.why, "future-epoch");
  // From now on without a wait: no time passes here.
  for (let count = 0; count < 3; count++) assert.equal(await slot.take(await made()), false);
  assert.equal(await slot.take(known[1] as EncodedFrame), true);
  // It was on its way after all.
  await ben.session.process(message);
  assert.equal(await slot.take(await made()), true);
  const next = await anna.session.commit({ remove: [1] });
  await anna.session.process(next.message);
  const last = slot.take(await made());
  await settled();
  await ben.session.process(next.message);
  await clock.advance(COMING_MS);
  assert.equal(await last, false, "keys that a removed client does not have");
});
