import assert from "node:assert/strict";
import { test } from "node:test";

import { ErrorCode, type ServerMessage, type Welcome } from "../../src/gen/conclave/v1/signalling_pb.js";
import {
  ANSWER_TIMEOUT_MS,
  Connection,
  CONNECT_TIMEOUT_MS,
  DOUBT_TIMEOUT_MS,
  PING_INTERVAL_MS,
  type Credential,
} from "../../src/protocol/connection.ts";
import { ConnectionLost, SignallingError } from "../../src/protocol/errors.ts";
import { SimulatedClock, SimulatedNetwork, settled } from "./simulated.ts";

interface Told {
  welcomes: Welcome[];
  lost: number;
  events: ServerMessage["body"][];
  sessionsLost: number;
  refusals: SignallingError[];
}

function setUp(): {
  clock: SimulatedClock;
  network: SimulatedNetwork;
  connection: Connection;
  told: Told;
  credential: { now: Credential };
} {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock);
  const told: Told = { welcomes: [], lost: 0, events: [], sessionsLost: 0, refusals: [] };
  const credential: { now: Credential } = { now: { case: "inviteToken", value: "invite" } };
  const connection = new Connection(
    network.open,
    clock,
    {
      credential: () => credential.now,
      opened: (welcome) => told.welcomes.push(welcome),
      lost: () => (told.lost += 1),
      event: (body) => told.events.push(body),
      sessionLost: () => {
        told.sessionsLost += 1;
        credential.now = { case: "inviteToken", value: "invite" };
      },
      refused: (error) => told.refusals.push(error),
    },
    ["slots"],
  );
  return { clock, network, connection, told, credential };
}

async function opened(): Promise<ReturnType<typeof setUp>> {
  const set = setUp();
  set.connection.open();
  await set.network.latest.accept();
  await set.network.latest.answer({ case: "welcome", value: { version: 1 } });
  return set;
}

test("the first message is Hello with versions, capabilities and the credential", async () => {
  const { network, connection } = setUp();
  connection.open();
  await network.latest.accept();
  const { requestId, body } = network.latest.last;
  assert.equal(requestId, 1n);
  assert.ok(body.case === "hello");
  assert.deepEqual([body.value.minVersion, body.value.maxVersion], [1, 1]);
  assert.deepEqual(body.value.capabilities, ["slots"]);
  assert.deepEqual({ ...body.value.credential }, { case: "inviteToken", value: "invite" });
});

test("nothing is requested before Hello is answered", async () => {
  const { network, connection } = setUp();
  connection.open();
  await network.latest.accept();
  await assert.rejects(connection.request({ case: "leave", value: {} }), ConnectionLost);
  assert.equal(network.latest.sent.length, 1);
});

test("answers find their requests in any order, and errors reject", async () => {
  const { network, connection } = await opened();
  const first = connection.request({ case: "setSources", value: { sources: [] } });
  const second = connection.request({ case: "join", value: { displayName: "Ada" } });
  const refused = assert.rejects(second, (error: unknown) => {
    assert.ok(error instanceof SignallingError);
    assert.equal(error.code, ErrorCode.ROOM_FULL);
    return true;
  });
  await network.latest.answer({ case: "error", value: { code: ErrorCode.ROOM_FULL, message: "full" } }, 3n);
  await network.latest.answer({ case: "ack", value: {} }, 2n);
  await refused;
  assert.equal((await first).case, "ack");
});

test("messages without a request id are events", async () => {
  const { network, told } = await opened();
  await network.latest.answer({ case: "mediaLost", value: {} }, 0n);
  assert.deepEqual(told.events.map((event) => event.case), ["mediaLost"]);
});

test("a lost connection comes back at once with the resume token, then ever more slowly up to a second", async () => {
  const { clock, network, told, credential } = await opened();
  credential.now = { case: "resumeToken", value: "resume" };
  await network.latest.breakOff();
  assert.equal(told.lost, 1);
  await clock.advance(0);
  assert.equal(network.sockets.length, 2);

  const waits: number[] = [];
  for (let attempt = 0; attempt < 7; attempt++) {
    const before = clock.now;
    const count: number = network.sockets.length;
    await network.latest.breakOff();
    while (network.sockets.length === count) await clock.advance(1);
    waits.push(clock.now - before);
  }
  assert.deepEqual(waits, [75, 150, 300, 600, 750, 750, 750]);

  await network.latest.accept();
  const { body } = network.latest.last;
  assert.ok(body.case === "hello");
  assert.deepEqual({ ...body.value.credential }, { case: "resumeToken", value: "resume" });
  await network.latest.answer({ case: "welcome", value: { version: 1, resumed: { participantId: "p" } } });
  assert.equal(told.welcomes.at(-1)?.resumed?.participantId, "p");
  assert.equal(told.lost, 1);

  await network.latest.breakOff();
  await clock.advance(0);
  assert.equal(network.latest.openedAt, clock.now, "after a success the first attempt is immediate again");
});

test("requests under way when the connection breaks are rejected as lost", async () => {
  const { network, connection } = await opened();
  const request = connection.request({ case: "leave", value: {} });
  const rejected = assert.rejects(request, ConnectionLost);
  await network.latest.breakOff();
  await rejected;
});

test("a lost session asks for the other credential and goes on at once", async () => {
  const { clock, network, told, credential } = await opened();
  credential.now = { case: "resumeToken", value: "gone" };
  await network.latest.breakOff();
  await clock.advance(0);
  await network.latest.accept();
  await network.latest.answer({ case: "error", value: { code: ErrorCode.SESSION_LOST, message: "gone" } });
  assert.equal(told.sessionsLost, 1);
  assert.equal(network.sockets.length, 3);
  await network.latest.accept();
  const { body } = network.latest.last;
  assert.ok(body.case === "hello");
  assert.equal(body.value.credential.case, "inviteToken");
});

for (const code of [
  ErrorCode.VERSION_MISMATCH,
  ErrorCode.INVITE_INVALID,
  ErrorCode.INVITE_EXPIRED,
  ErrorCode.INVITE_REVOKED,
  ErrorCode.ROOM_FULL,
]) {
  test(`${ErrorCode[code]} in answer to Hello is final`, async () => {
    const { clock, network, connection, told } = setUp();
    connection.open();
    await network.latest.accept();
    await network.latest.answer({ case: "error", value: { code, message: "no" } });
    await clock.advance(60_000);
    assert.deepEqual(told.refusals.map((error) => error.code), [code]);
    assert.equal(network.sockets.length, 1);
    assert.equal(connection.state, "closed");
  });
}

test("an appliance that is restarting is tried again", async () => {
  const { clock, network, connection, told } = setUp();
  connection.open();
  await network.latest.accept();
  await network.latest.answer({ case: "error", value: { code: ErrorCode.UNAVAILABLE, message: "restarting" } });
  await clock.advance(0);
  assert.equal(network.sockets.length, 2);
  assert.deepEqual(told.refusals, []);
});

test("a session opened elsewhere ends this connection for good", async () => {
  const { clock, network, told } = await opened();
  await network.latest.answer({ case: "error", value: { code: ErrorCode.REPLACED, message: "elsewhere" } }, 0n);
  await network.latest.breakOff();
  await clock.advance(60_000);
  assert.equal(told.refusals[0]?.code, ErrorCode.REPLACED);
  assert.equal(network.sockets.length, 1);
});

test("an idle connection is pinged every 15 seconds", async () => {
  const { clock, network } = await opened();
  for (let pings = 1; pings <= 3; pings++) {
    await clock.advance(PING_INTERVAL_MS);
    assert.equal(network.latest.sent.filter((message) => message.body.case === "ping").length, pings);
    await network.latest.answer({ case: "ack", value: {} });
  }
  assert.equal(network.sockets.length, 1);
});

test("a connection that swallows a ping is given up", async () => {
  const { clock, network, told } = await opened();
  await clock.advance(PING_INTERVAL_MS + ANSWER_TIMEOUT_MS);
  assert.equal(told.lost, 1);
  assert.ok(network.sockets[0]?.closedByClient);
  assert.equal(network.sockets.length, 2);
});

test("a connection in doubt is pinged at once, and given up when it does not answer soon", async () => {
  const { clock, network, connection, told } = await opened();
  connection.check();
  assert.equal(network.latest.last.body.case, "ping");
  await network.latest.answer({ case: "ack", value: {} });
  await clock.advance(DOUBT_TIMEOUT_MS);
  assert.equal(told.lost, 0);
  connection.check();
  await clock.advance(DOUBT_TIMEOUT_MS);
  assert.equal(told.lost, 1);
});

test("a check in place of an attempt under way starts another at once", async () => {
  const { clock, network, connection } = await opened();
  await network.latest.breakOff();
  await clock.advance(0);
  const stale = network.latest;
  connection.check();
  assert.notEqual(network.latest, stale);
  assert.ok(stale.closedByClient);
  await clock.advance(CONNECT_TIMEOUT_MS - 1);
  assert.equal(network.sockets.length, 3);
});

test("an attempt that neither opens nor fails is given up", async () => {
  const { clock, network, connection } = setUp();
  connection.open();
  await clock.advance(ANSWER_TIMEOUT_MS);
  assert.equal(network.sockets.length, 2);
  assert.ok(network.sockets[0]?.closedByClient);
});

test("bytes that are no message break the connection, never the page", async () => {
  const { clock, network, told } = await opened();
  await network.latest.raw(Uint8Array.of(0xff, 0xff, 0xff));
  await clock.advance(0);
  assert.equal(told.lost, 1);
  assert.equal(network.sockets.length, 2);
});

test("every truncation of a message is survived", async () => {
  const { toBinary, create } = await import("@bufbuild/protobuf");
  const { ServerMessageSchema } = await import("../../src/gen/conclave/v1/signalling_pb.js");
  const whole = toBinary(
    ServerMessageSchema,
    create(ServerMessageSchema, { body: { case: "slotsChanged", value: { slots: [{ mid: "5", sourceId: "p/camera" }] } } }),
  );
  for (let size = 0; size < whole.length; size++) {
    const { connection, network } = await opened();
    await network.latest.raw(whole.slice(0, size));
    assert.ok(["open", "waiting"].includes(connection.state));
  }
});

test("news from a connection that was given up is ignored", async () => {
  const { clock, network, told } = await opened();
  const [old] = network.sockets;
  await old?.breakOff();
  await clock.advance(0);
  await old?.answer({ case: "mediaLost", value: {} }, 0n);
  await old?.breakOff();
  assert.deepEqual(told.events, []);
  assert.equal(told.lost, 1);
});

test("nothing happens after close", async () => {
  const { clock, network, connection, told } = await opened();
  const request = connection.request({ case: "leave", value: {} });
  const rejected = assert.rejects(request, ConnectionLost);
  connection.close();
  await rejected;
  await network.latest.breakOff();
  await clock.advance(60_000);
  await settled();
  assert.equal(network.sockets.length, 1);
  assert.equal(told.lost, 0);
});
