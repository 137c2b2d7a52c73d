import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { AnswerSchema, type Answer } from "../../src/gen/conclave/v1/signalling_pb.js";
import { waitBeforeAttempt } from "../../src/protocol/backoff.ts";
import type { Assignment } from "../../src/protocol/slots.ts";
import { MediaLink, type MediaSignalling } from "../../src/session/medialink.ts";
import { SimulatedClock, settled } from "../protocol/simulated.ts";
import { FakeTransport, installTransports } from "./faketransport.ts";

installTransports();

/** How long silence is taken for silence, and how long an interrupted transport is left alone. */
const SILENCE_MS = 1500;
const DISCONNECTED_MS = 3000;

/** Signalling that answers every offer, unless told to keep or to refuse. */
class FakeSignalling implements MediaSignalling {
  open = true;
  checks = 0;
  mode: "answers" | "keeps" | "refuses" = "answers";
  /** Of each offer, whether it restarts ICE. */
  readonly restarts: boolean[] = [];
  readonly told: (readonly Assignment[])[] = [];

  isOpen(): boolean {
    return this.open;
  }

  check(): void {
    this.checks += 1;
  }

  offer(_: unknown, iceRestart: boolean): Promise<Answer> {
    this.restarts.push(iceRestart);
    if (this.mode === "keeps") return new Promise(() => undefined);
    if (this.mode === "refuses") return Promise.reject(new Error("refused"));
    return Promise.resolve(create(AnswerSchema, { sdp: "answer" }));
  }

  setSlots(assignments: readonly Assignment[]): Promise<void> {
    this.told.push(assignments);
    return Promise.resolve();
  }
}

let clock: SimulatedClock;
let signalling: FakeSignalling;
let link: MediaLink;

beforeEach(() => {
  clock = new SimulatedClock();
  signalling = new FakeSignalling();
  link = new MediaLink(signalling, clock, () => null, () => undefined, () => 2, () => undefined);
});
afterEach(() => link.close());

/** A transport that media has flowed over. */
async function connected(): Promise<FakeTransport> {
  link.signallingOpened(false);
  await settled();
  const transport = FakeTransport.latest;
  transport.become("connected");
  assert.equal(link.state.value, "connected");
  assert.deepEqual(signalling.restarts, [false]);
  return transport;
}

/** Lets what was begun go on for as long as silence takes to be noticed, and longer. */
async function listen(): Promise<void> {
  await settled();
  await clock.advance(2 * SILENCE_MS);
}

test("a transport that is heard is left alone", async () => {
  const transport = await connected();
  link.check();
  await settled();
  transport.heard += 1;
  await listen();
  assert.deepEqual(signalling.restarts, [false]);
});

test("a silent transport restarts ICE once its time is over, and not before", async () => {
  const transport = await connected();
  transport.heard = 1000;
  link.check();
  await settled();
  await clock.advance(SILENCE_MS - 1);
  assert.deepEqual(signalling.restarts, [false]);
  await clock.advance(1);
  assert.deepEqual(signalling.restarts, [false, true]);
  assert.equal(FakeTransport.latest, transport, "the transport itself stays");
});

test("a transport that is known to be interrupted restarts ICE at once", async () => {
  const transport = await connected();
  transport.become("disconnected");
  assert.equal(signalling.checks, 1, "whatever broke the one may have broken the other");
  link.check();
  await settled();
  assert.deepEqual(signalling.restarts, [false, true]);
});

test("an interrupted transport is given its time before ICE is restarted unasked", async () => {
  const transport = await connected();
  transport.become("disconnected");
  await clock.advance(DISCONNECTED_MS - 1);
  assert.deepEqual(signalling.restarts, [false]);
  await clock.advance(1);
  assert.deepEqual(signalling.restarts, [false, true]);
});

test("checks upon checks restart ICE once while the restart is not answered", async () => {
  await connected();
  signalling.mode = "keeps";
  link.check();
  link.check();
  await listen();
  link.check();
  await listen();
  assert.deepEqual(signalling.restarts, [false, true]);
});

test("nothing is checked without signalling, and a look that it ends in the middle of restarts nothing", async () => {
  const transport = await connected();
  signalling.open = false;
  transport.become("disconnected");
  link.check();
  await listen();
  assert.deepEqual(signalling.restarts, [false]);

  transport.become("connected");
  signalling.open = true;
  link.check();
  await settled();
  signalling.open = false;
  await listen();
  assert.deepEqual(signalling.restarts, [false]);
});

test("a transport that is not negotiated yet is not checked", async () => {
  link.check();
  signalling.mode = "keeps";
  link.signallingOpened(false);
  await settled();
  link.check();
  await listen();
  assert.deepEqual(signalling.restarts, [false]);
});

test("a transport that was replaced while it was listened to restarts nothing", async () => {
  const before = await connected();
  link.check();
  await settled();
  await link.renew();
  FakeTransport.latest.become("connected");
  assert.notEqual(FakeTransport.latest, before);
  assert.ok(before.closed);
  await listen();
  assert.deepEqual(signalling.restarts, [false, false]);
});

test("a refused restart makes a new transport", async () => {
  const before = await connected();
  before.become("disconnected");
  signalling.mode = "refuses";
  link.check();
  await settled();
  signalling.mode = "answers";
  await clock.advance(waitBeforeAttempt(1, clock.random()));
  assert.notEqual(FakeTransport.latest, before);
  assert.deepEqual(signalling.restarts, [false, true, false]);
});

test("signalling that comes back checks a transport that stands, and tells what is wished for again", async () => {
  await connected();
  link.setWishes([{ sourceId: "jonas/camera", maxHeight: 360 }]);
  await clock.advance(200);
  const times = (): number => signalling.told.flat().filter(({ sourceId }) => sourceId === "jonas/camera").length;
  assert.equal(times(), 1);
  link.signallingOpened(true);
  assert.equal(times(), 2);
  await listen();
  assert.deepEqual(signalling.restarts, [false, true], "nothing was heard meanwhile");
});

test("a relay is used by the transport that stands and by the next ones", async () => {
  const first = [{ urls: ["turns:meet.example:443?transport=tcp"], username: "1:a", credential: "b" }];
  const renewed = [{ ...first[0], urls: [], username: "2:a" }];
  link.useServers(first);
  const transport = await connected();
  assert.deepEqual(transport.iceServers, first);
  link.useServers(renewed);
  assert.deepEqual(transport.iceServers, renewed);
  await link.renew();
  assert.notEqual(FakeTransport.latest, transport);
  assert.deepEqual(FakeTransport.latest.iceServers, renewed);
});

test("media comes back after an outage that both the transport and signalling were lost in", async () => {
  const lost = await connected();
  signalling.open = false;
  lost.become("failed");
  await settled();
  assert.ok(lost.closed);
  assert.equal(link.peer.value, undefined, "nobody takes a track from a transport that is closed");
  assert.equal(link.state.value, "interrupted");

  signalling.open = true;
  link.useServers([]); // What the appliance says of its relay comes first, as it does when the person is back.
  link.signallingOpened(true);
  await settled();
  assert.notEqual(FakeTransport.latest, lost);
  FakeTransport.latest.become("connected");
  assert.equal(link.state.value, "connected");
  assert.deepEqual(signalling.restarts, [false, false]);
});
