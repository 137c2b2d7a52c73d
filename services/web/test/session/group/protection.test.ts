import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { create, toBinary } from "@bufbuild/protobuf";
import { signal } from "@preact/signals";

import { concatenate, utf8, type Bytes } from "../../../src/crypto/bytes.ts";
import { ownIdentity } from "../../../src/crypto/identity/own.ts";
import { PageStore } from "../../../src/crypto/identity/store.ts";
import { Session } from "../../../src/crypto/worker/session.ts";
import type { FromWorker, Request as Asking } from "../../../src/crypto/worker/protocol.ts";
import { IdentityStatementSchema } from "../../../src/gen/conclave/v1/identity_pb.js";
import { ProtectionMode, RoomSchema, type Room } from "../../../src/gen/conclave/v1/rooms_pb.js";
import { JoinedSchema, ServerMessageSchema, type Joined } from "../../../src/gen/conclave/v1/signalling_pb.js";
import type { Request } from "../../../src/protocol/connection.ts";
import type { Peer } from "../../../src/media/peer.ts";
import type { Roster } from "../../../src/protocol/roster.ts";
import { Protection } from "../../../src/session/group/protection.ts";
import { ed25519, pageVault } from "../../crypto/people.ts";
import { SimulatedClock } from "../../protocol/simulated.ts";

/** The worker, in this thread. */
class FakeWorker {
  onmessage: ((event: { data: FromWorker }) => void) | null = null;
  onerror: (() => void) | null = null;
  ended = false;
  /** Whether it answers nothing any more, and says nothing of it. */
  still = false;
  readonly #session = new Session(() => undefined, () => undefined, { nowMs: () => 0, after: () => () => undefined }, pageVault());

  postMessage({ id, name, values }: Asking): void {
    if (this.still) return;
    const method = this.#session[name] as (...values: unknown[]) => unknown;
    Promise.resolve(method.apply(this.#session, values as unknown[])).then(
      (value) => this.onmessage?.({ data: { id, value } }),
      (error: unknown) => this.onmessage?.({ data: { id, failed: String(error) } }),
    );
  }

  terminate(): void {
    this.ended = true;
  }
}

const DEPLOYMENT = await ed25519();

class House {
  readonly room = signal<Room | undefined>(
    create(RoomSchema, { name: "rooms/a", protectionMode: ProtectionMode.END_TO_END }),
  );
  readonly store = new PageStore();
  readonly clock = new SimulatedClock();
  readonly workers: FakeWorker[] = [];
  readonly asked: string[] = [];
  readonly obstacles: string[] = [];
  renewals = 0;
  readonly protection = new Protection({
    request: ((body) => {
      this.asked.push(body.case ?? "");
      return Promise.resolve(create(ServerMessageSchema, { body: { case: "ack", value: {} } }).body);
    }) satisfies Request,
    clock: this.clock,
    room: this.room,
    roster: signal<Roster | undefined>(undefined),
    peer: signal<Peer | undefined>(undefined),
    openStore: async () => this.store,
    startWorker: () => {
      const worker = new FakeWorker();
      this.workers.push(worker);
      return worker as unknown as Worker;
    },
    renewMedia: () => {
      this.renewals++;
    },
    obstructed: (obstacle) => this.obstacles.push(obstacle),
  });

  constructor(context: TestContext) {
    context.after(() => this.protection.close());
  }

  async joined(said: object = {}, told: object = {}, deployment = DEPLOYMENT): Promise<Joined> {
    const { publicKey } = await ownIdentity(this.store);
    const statement = toBinary(
      IdentityStatementSchema,
      create(IdentityStatementSchema, {
        participantId: "me",
        meeting: "rooms/a/meetings/1",
        displayName: "Me",
        identityKey: publicKey,
        ...said,
      }),
    ) as Bytes;
    const signed = concatenate(utf8("conclave identity v1\0"), statement);
    const statementSignature = new Uint8Array(await crypto.subtle.sign("Ed25519", deployment.privateKey, signed));
    const policy = { mode: ProtectionMode.END_TO_END };
    const identity = { statement, statementSignature, deploymentKey: deployment.publicKey, policy, ...told };
    return create(JoinedSchema, { participantId: "me", identity });
  }

  async until(holds: () => boolean): Promise<void> {
    await this.clock.until(holds);
  }

  found(): void {
    this.protection.event({ case: "foundRequested", value: {} as never });
  }
}

test("a client joins with its key, enters, founds when asked, and is then in a group of its own", async (context) => {
  const house = new House(context);
  assert.deepEqual(await house.protection.identityKey(), (await ownIdentity(house.store)).publicKey);
  await house.protection.entered(await house.joined(), false);
  await house.until(() => house.asked.includes("enterGroup"));
  assert.equal(house.protection.status.value.name, "securing");
  house.found();
  await house.until(() => house.protection.status.value.name === "ready");
  assert.deepEqual([...house.protection.members.value.keys()], ["me"]);
  assert.deepEqual(house.obstacles, []);
});

test("a managed room has neither key nor worker", async (context) => {
  const house = new House(context);
  house.room.value = create(RoomSchema, { name: "rooms/a", protectionMode: ProtectionMode.MANAGED });
  assert.equal((await house.protection.identityKey()).length, 0);
  await house.protection.entered(await house.joined(), false);
  assert.equal(house.protection.guard(), undefined);
  assert.deepEqual([house.workers.length, house.asked.length, house.obstacles.length], [0, 0, 0]);
});

test("a deployment with another key than on the first visit ends it before anything is made or sent", async (context) => {
  const house = new House(context);
  await house.store.keep("deployment", DEPLOYMENT.publicKey);
  await house.protection.entered(await house.joined({}, {}, await ed25519()), false);
  assert.deepEqual(house.obstacles, ["deployment-changed"]);
  assert.deepEqual(house.asked, []);
});

for (const [what, said, told] of [
  ["somebody else", { participantId: "other" }, {}],
  ["another key", { identityKey: new Uint8Array(32) }, {}],
  ["another room", { meeting: "rooms/b/meetings/1" }, {}],
  ["a room whose name only begins alike", { meeting: "rooms/ab/meetings/1" }, {}],
  ["a managed policy", {}, { policy: { mode: ProtectionMode.MANAGED } }],
  ["officers", {}, { policy: { mode: ProtectionMode.END_TO_END, quorum: 2, rosterHash: new Uint8Array(32) } }],
  ["no policy", {}, { policy: undefined }],
] as const) {
  test(`an appliance that speaks of ${what} is not followed`, async (context) => {
    const house = new House(context);
    await house.protection.entered(await house.joined(said, told), false);
    assert.deepEqual([house.obstacles, house.asked], [["identity-refused"], []]);
  });
}

test("an end-to-end room in which the appliance vouches for nobody is left", async (context) => {
  const house = new House(context);
  await house.protection.entered(create(JoinedSchema, { participantId: "me" }), false);
  assert.deepEqual(house.obstacles, ["identity-refused"]);
});

test("a statement that the deployment has not signed gets nobody into a group", async (context) => {
  const house = new House(context);
  const forged = await house.joined();
  if (forged.identity !== undefined) forged.identity.statementSignature = new Uint8Array(64);
  await house.protection.entered(forged, false);
  await house.until(() => house.asked.includes("enterGroup"));
  house.found();
  await house.until(() => house.asked.filter((each) => each === "enterGroup").length > 1);
  assert.equal(house.protection.status.value.name, "securing");
  assert.ok(!house.asked.includes("foundGroup"));
});

test("a worker that ends takes its keys along: another comes in as a new leaf, through new transports", async (context) => {
  const house = new House(context);
  await house.protection.entered(await house.joined(), false);
  await house.until(() => house.asked.includes("enterGroup"));
  house.found();
  await house.until(() => house.protection.status.value.name === "ready");
  house.workers[0]?.onerror?.();
  await house.until(() => house.asked.filter((each) => each === "enterGroup").length === 2);
  assert.equal(house.protection.status.value.name, "securing");
  assert.deepEqual([house.renewals, house.workers.length, house.workers[0]?.ended], [1, 2, true]);
  house.found();
  await house.until(() => house.protection.status.value.name === "ready");
});

test("a worker that stands still without a word is replaced as one that has ended, and a busy one is not", async (context) => {
  const house = new House(context);
  await house.protection.entered(await house.joined(), false);
  await house.until(() => house.asked.includes("enterGroup"));
  const worker = house.workers[0];
  assert.ok(worker !== undefined);
  for (const isStill of [true, false]) {
    worker.still = isStill;
    await house.clock.advance(20_000);
  }
  assert.equal(house.workers.length, 1);
  worker.still = true;
  house.found(); // What it was asked will never be answered.
  await house.clock.advance(40_000);
  assert.deepEqual([house.renewals, worker.ended], [1, true]);
  await house.until(() => house.asked.filter((each) => each === "enterGroup").length === 2);
  assert.equal(house.workers.length, 2);
});

test("workers that end again and again end the visit, with the reason", async (context) => {
  const house = new House(context);
  await house.protection.entered(await house.joined(), false);
  for (let losses = 1; losses <= 6; losses++) {
    await house.until(() => house.workers.length === losses);
    house.workers.at(-1)?.onerror?.();
  }
  assert.deepEqual(house.obstacles, ["worker"]);
});
