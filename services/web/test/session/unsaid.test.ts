import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ErrorCode } from "../../src/gen/conclave/v1/signalling_pb.js";
import { keepLeave, sayKeptLeave } from "../../src/session/unsaid.ts";
import { SimulatedClock, SimulatedNetwork, settled } from "../protocol/simulated.ts";

const kept = new Map<string, string>();
Object.assign(globalThis, {
  sessionStorage: {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  },
});

function nextPage(): SimulatedNetwork {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock);
  sayKeptLeave(network.open, clock, ["end-to-end"]);
  return network;
}

beforeEach(() => kept.clear());

test("the next page of the tab says the leave that was kept, once", async () => {
  keepLeave("mine");
  const { latest } = nextPage();
  await latest.accept();
  assert.deepEqual(latest.sent[0]?.body.case === "hello" && latest.sent[0].body.value.credential, {
    case: "resumeToken",
    value: "mine",
  });
  await latest.answer({ case: "welcome", value: { version: 1 } });
  assert.equal(latest.sent[1]?.body.case, "leave");
  await latest.answer({ case: "ack", value: {} });
  await settled();
  assert.ok(latest.closedByClient);
  assert.equal(nextPage().sockets.length, 0);
});

test("a leave that the appliance has heard already needs nothing more", async () => {
  keepLeave("mine");
  const network = nextPage();
  await network.latest.accept();
  await network.latest.answer({ case: "error", value: { code: ErrorCode.SESSION_LOST } });
  await settled();
  assert.equal(network.sockets.length, 1);
  assert.ok(network.latest.closedByClient);
});

test("a page that comes first in its tab has nothing to say", () => {
  assert.equal(nextPage().sockets.length, 0);
});
