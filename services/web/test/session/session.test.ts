import assert from "node:assert/strict";
import { test } from "node:test";

import type { MessageInitShape } from "@bufbuild/protobuf";

import { EndReason, SourceKind, WaitReason } from "../../src/gen/conclave/v1/meetings_pb.js";
import { Role } from "../../src/gen/conclave/v1/rooms_pb.js";
import { ErrorCode, type JoinedSchema, type WaitingSchema } from "../../src/gen/conclave/v1/signalling_pb.js";
import type { Invitation } from "../../src/protocol/connection.ts";
import { Session } from "../../src/session/session.ts";
import { SimulatedClock, SimulatedNetwork, settled, type SimulatedSocket } from "../protocol/simulated.ts";
import { installBrowser } from "./browser.ts";

installBrowser();

interface Visit {
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  readonly session: Session;
}

const WELCOME = { case: "welcome", value: { version: 1, room: { name: "rooms/a", displayName: "A" } } } as const;
const JOINED: { case: "joined"; value: MessageInitShape<typeof JoinedSchema> } = {
  case: "joined",
  value: {
    participantId: "me",
    resumeToken: "mine",
    participants: [{ id: "me", displayName: "Me", role: Role.HOST }, { id: "other", displayName: "Other" }],
  },
};
const INVITE: Invitation = { case: "inviteToken", value: "invite" };

function waiting(reason: WaitReason): { case: "waiting"; value: MessageInitShape<typeof WaitingSchema> } {
  return { case: "waiting", value: { participantId: "me", resumeToken: "mine", reason } };
}

function requestsOf(socket: SimulatedSocket): (string | undefined)[] {
  return socket.sent.map((message) => message.body.case);
}

function noWorker(): Worker {
  throw new Error("a managed room needs no worker");
}

/** The session of somebody who has opened the page. */
async function arrived(invitation = INVITE, welcome: object = {}): Promise<Visit> {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock);
  const session = new Session(invitation, network.open, clock, noWorker);
  session.start();
  await network.latest.accept();
  await network.latest.answer({ ...WELCOME, value: { ...WELCOME.value, ...welcome } });
  return { clock, network, session };
}

/** Somebody who has pressed Join, which is not answered yet. */
async function joining(): Promise<Visit> {
  const visit = await arrived();
  void visit.session.join("Me");
  await settled();
  return visit;
}

/** Breaks the connection and opens the next one, to its Hello. */
async function reconnect({ clock, network }: Visit): Promise<void> {
  await network.latest.breakOff();
  await clock.advance(60_000);
  await network.latest.accept();
}

test("Hello says that the page can wait, and carries what one is invited by", async () => {
  const { network } = await arrived({ case: "dialCode", value: "123456789" });
  const hello = network.latest.sent[0]?.body;
  assert.ok(hello?.case === "hello");
  assert.ok(hello.value.capabilities.includes("lobby"));
  assert.deepEqual({ ...hello.value.credential }, { case: "dialCode", value: "123456789" });
});

test("a personal invite fixes the name", async () => {
  const { session } = await arrived(INVITE, { displayName: "Amara Okafor" });
  assert.equal(session.fixedName.value, "Amara Okafor");
});

test("who waits sees what for, has no media, and is in as soon as a host says so", async () => {
  const { network, session } = await joining();
  await network.latest.answer(waiting(WaitReason.HOST_ABSENT));
  assert.equal(session.phase.value, "waiting");
  assert.equal(session.waitReason.value, WaitReason.HOST_ABSENT);
  await network.latest.answer(waiting(WaitReason.LOBBY), 0n);
  assert.equal(session.waitReason.value, WaitReason.LOBBY);
  assert.deepEqual(requestsOf(network.latest), ["hello", "join"]);

  await network.latest.answer(JOINED, 0n);
  assert.equal(session.phase.value, "meeting");
  assert.equal(session.self.value?.displayName, "Me");
  assert.deepEqual(requestsOf(network.latest), ["hello", "join", "readContent", "setSources"]);
});

test("a lost connection goes on waiting where it was", async () => {
  const visit = await joining();
  await visit.network.latest.answer(waiting(WaitReason.LOBBY));
  await reconnect(visit);
  const hello = visit.network.latest.last.body;
  assert.deepEqual({ ...(hello.case === "hello" && hello.value.credential) }, { case: "resumeToken", value: "mine" });
  const { value } = waiting(WaitReason.HOST_ABSENT);
  await visit.network.latest.answer({ ...WELCOME, value: { ...WELCOME.value, waiting: value } });
  assert.equal(visit.session.phase.value, "waiting");
  assert.equal(visit.session.waitReason.value, WaitReason.HOST_ABSENT);
  assert.deepEqual(requestsOf(visit.network.latest), ["hello"]);
});

test("who was let in while the connection was lost is in when it is back", async () => {
  const visit = await joining();
  await visit.network.latest.answer(waiting(WaitReason.LOBBY));
  await reconnect(visit);
  await visit.network.latest.answer({ ...WELCOME, value: { ...WELCOME.value, resumed: JOINED.value } });
  assert.equal(visit.session.phase.value, "meeting");
});

test("who waited and is not known any more asks again under the same name", async () => {
  const visit = await joining();
  await visit.network.latest.answer(waiting(WaitReason.LOBBY));
  await reconnect(visit);
  await visit.network.latest.answer({ case: "error", value: { code: ErrorCode.SESSION_LOST } });
  await visit.network.latest.accept();
  await visit.network.latest.answer(WELCOME);
  const join = visit.network.latest.last.body;
  assert.equal(join.case === "join" && join.value.displayName, "Me");
});

test("who stops waiting says so, and is not drawn in by an answer that comes too late", async () => {
  const { clock, network, session } = await joining();
  await network.latest.answer(waiting(WaitReason.LOBBY));
  void session.leave();
  assert.equal(network.latest.last.body.case, "leave");
  await network.latest.answer(JOINED, 0n);
  await clock.advance(1000);
  assert.equal(session.phase.value, "left");
  assert.ok(network.latest.closedByClient);
});

test("who is turned away is told so", async () => {
  const { network, session } = await joining();
  await network.latest.answer(waiting(WaitReason.LOBBY));
  await network.latest.answer({ case: "meetingEnded", value: { reason: EndReason.TURNED_AWAY } }, 0n);
  assert.equal(session.phase.value, "ended");
  assert.equal(session.endReason.value, EndReason.TURNED_AWAY);
});

for (const code of [ErrorCode.ROOM_FULL, ErrorCode.MEETING_LOCKED, ErrorCode.MEMBERS_ONLY, ErrorCode.REMOVED]) {
  test(`joining that is answered by ${ErrorCode[code]} ends the visit`, async () => {
    const { network, session } = await joining();
    await network.latest.answer({ case: "error", value: { code } });
    assert.equal(session.phase.value, "refused");
    assert.equal(session.problem.value?.code, code);
  });
}

test("a name that the appliance refuses can be typed again", async () => {
  const { network, session } = await joining();
  await network.latest.answer({ case: "error", value: { code: ErrorCode.INVALID_REQUEST, message: "too long" } });
  assert.equal(session.phase.value, "arriving");
  assert.equal(session.problem.value?.message, "too long");
});

test("the lobby, the lock, roles and the room follow what the appliance tells", async () => {
  const { network, session } = await joining();
  await network.latest.answer(JOINED);
  const tell = (body: Parameters<SimulatedSocket["answer"]>[0]): Promise<void> => network.latest.answer(body, 0n);
  assert.ok(session.isHost.value);

  await tell({ case: "lobbyChanged", value: { waiting: [{ id: "guest", displayName: "Guest" }] } });
  assert.deepEqual(session.roster.value?.waiting.map((each) => each.displayName), ["Guest"]);
  await tell({ case: "lockChanged", value: { locked: true } });
  assert.equal(session.roster.value?.locked, true);
  await tell({ case: "roomChanged", value: { name: "rooms/a", displayName: "B", lobby: true } });
  assert.equal(session.room.value?.displayName, "B");
  await tell({ case: "participantChanged", value: { participant: { id: "me", role: Role.PARTICIPANT } } });
  assert.ok(!session.isHost.value);
});

test("raising the hand is asked of the appliance", async () => {
  const { network, session } = await joining();
  await network.latest.answer(JOINED);
  void session.setHand(true);
  const { body } = network.latest.last;
  assert.equal(body.case === "setHand" && body.value.raised, true);
});

test("somebody whose microphone is off is not told that a host muted them", async () => {
  const { network, session } = await joining();
  await network.latest.answer(JOINED);
  await network.latest.answer({ case: "muteRequested", value: { participantId: "other" } }, 0n);
  assert.equal(session.sources.mutedBy.value, undefined);
  const told = network.latest.last.body;
  assert.ok(told.case === "setSources" && !told.value.sources.some((source) => source.active));
  assert.ok(told.value.sources.some((source) => source.kind === SourceKind.MICROPHONE));
});
