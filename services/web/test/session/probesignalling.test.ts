import assert from "node:assert/strict";
import { test } from "node:test";

import { ErrorCode } from "../../src/gen/conclave/v1/signalling_pb.js";
import { openProbing } from "../../src/session/probesignalling.ts";
import { SimulatedClock, SimulatedNetwork } from "../protocol/simulated.ts";

const INVITATION = { case: "inviteToken", value: "token" } as const;

test("with an invite the probes are a guest's, without one a stranger's", async () => {
  for (const invitation of [INVITATION, undefined]) {
    const clock = new SimulatedClock();
    const network = new SimulatedNetwork(clock);
    const opening = openProbing(invitation, network.open, clock);
    await network.latest.accept();
    const { body } = network.latest.last;
    assert.ok(body.case === "hello");
    assert.deepEqual([body.value.credential.value, body.value.capabilities.includes("probe")], [invitation?.value, true]);
    await network.latest.answer({ case: "welcome", value: { version: 1 } });
    const signalling = await opening;
    const probing = signalling.begin("offer");
    assert.deepEqual(network.latest.last.body.case, "probe");
    await network.latest.answer({ case: "answer", value: { sdp: "answer" } });
    assert.equal(await probing, "answer");
    const ending = signalling.end();
    assert.equal(network.latest.last.body.case, "endProbe");
    await network.latest.answer({ case: "ack", value: {} });
    await ending;
    signalling.close();
    assert.equal(network.latest.closedByClient, true);
  }
});

test("an invite that is over makes a stranger of its guest", async () => {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock);
  const opening = openProbing(INVITATION, network.open, clock);
  await network.latest.accept();
  await network.latest.answer({ case: "error", value: { code: ErrorCode.INVITE_EXPIRED, message: "over" } });
  await network.latest.accept();
  const { body } = network.latest.last;
  assert.ok(body.case === "hello");
  assert.equal(body.value.credential.case, undefined);
  await network.latest.answer({ case: "welcome", value: { version: 1 } });
  await opening;
});

test("an appliance that does not answer is given up, and so is a connection that is lost", async () => {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock);
  const opening = openProbing(undefined, network.open, clock);
  const refused = assert.rejects(opening);
  await clock.advance(8000);
  await refused;
  const count = network.sockets.length;
  await clock.advance(60_000);
  assert.equal(network.sockets.length, count);

  const again = openProbing(undefined, network.open, clock);
  await network.latest.accept();
  await network.latest.answer({ case: "welcome", value: { version: 1 } });
  const signalling = await again;
  const probing = assert.rejects(signalling.begin("offer"), { name: "ConnectionLost" });
  await network.latest.breakOff();
  await probing;
  const after = network.sockets.length;
  await clock.advance(60_000);
  assert.equal(network.sockets.length, after);
});
