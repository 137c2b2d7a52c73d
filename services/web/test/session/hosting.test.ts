import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { Role } from "../../src/gen/conclave/v1/rooms_pb.js";
import { ErrorCode, ServerMessageSchema } from "../../src/gen/conclave/v1/signalling_pb.js";
import type { AnswerBody, RequestBody } from "../../src/protocol/connection.ts";
import { ConnectionLost, SignallingError } from "../../src/protocol/errors.ts";
import { Hosting } from "../../src/session/hosting.ts";

const ACK = create(ServerMessageSchema, { body: { case: "ack", value: {} } }).body;

function hosting(answer: () => Promise<AnswerBody> = async () => ACK): { hosting: Hosting; asked: RequestBody[] } {
  const asked: RequestBody[] = [];
  const request = (body: RequestBody): Promise<AnswerBody> => {
    asked.push(body);
    return answer();
  };
  const lower = async (participantId: string): Promise<void> => {
    await request({ case: "lowerHand", value: { participantId } });
  };
  const made = new Hosting(request, { lower });
  return { hosting: made, asked };
}

const DECISIONS: [string, (hosting: Hosting) => Promise<boolean>, RequestBody][] = [
  ["admitting", (host) => host.admit("a"), { case: "admit", value: { participantIds: ["a"] } }],
  ["admitting all", (host) => host.admitAll(), { case: "admitAll", value: {} }],
  ["turning away", (host) => host.turnAway("a"), { case: "turnAway", value: { participantIds: ["a"] } }],
  ["removing", (host) => host.remove("a"), { case: "remove", value: { participantId: "a" } }],
  ["muting", (host) => host.mute("a"), { case: "mute", value: { participantIds: ["a"] } }],
  ["muting all", (host) => host.muteAll(), { case: "muteAll", value: {} }],
  ["locking", (host) => host.setLock(true), { case: "setLock", value: { locked: true } }],
  ["a role", (host) => host.setRole("a", Role.HOST), { case: "setRole", value: { participantId: "a", role: Role.HOST } }],
  ["lowering a hand", (host) => host.lowerHand("a"), { case: "lowerHand", value: { participantId: "a" } }],
  ["ending", (host) => host.endMeeting(), { case: "endMeeting", value: {} }],
];

for (const [name, decide, body] of DECISIONS) {
  test(`${name} is asked of the appliance`, async () => {
    const { hosting: host, asked } = hosting();
    assert.ok(await decide(host));
    assert.deepEqual(asked, [body]);
    assert.equal(host.problem.value, undefined);
  });
}

test("what the appliance refuses is told until something is carried out", async () => {
  const full = new SignallingError(ErrorCode.ROOM_FULL, "full");
  const answers: (() => Promise<AnswerBody>)[] = [() => Promise.reject(full), async () => ACK];
  const { hosting: host } = hosting(() => answers.shift()?.() ?? Promise.reject(new Error("asked too often")));
  assert.ok(!(await host.admit("a")));
  assert.equal(host.problem.value, full);
  await host.setLock(true);
  assert.equal(host.problem.value, undefined);
});

test("what a lost connection may not have carried out is told too", async () => {
  const { hosting: host } = hosting(() => Promise.reject(new ConnectionLost()));
  await host.muteAll();
  assert.ok(host.problem.value instanceof ConnectionLost);
});

test("the link of a room that has none is nothing", async () => {
  const answer = (url: string) => async (): Promise<AnswerBody> =>
    create(ServerMessageSchema, { body: { case: "roomLink", value: { room: "rooms/a", url } } }).body;
  assert.equal(await hosting(answer("")).hosting.link(), undefined);
  assert.equal((await hosting(answer("https://a/join#b")).hosting.link())?.url, "https://a/join#b");
});
