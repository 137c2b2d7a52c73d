import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { RelaySchema, type Relay } from "../../src/gen/conclave/v1/signalling_pb.js";
import type { AnswerBody, RequestBody } from "../../src/protocol/connection.ts";
import { ConnectionLost } from "../../src/protocol/errors.ts";
import { RelayAccess } from "../../src/session/relayaccess.ts";
import { settled, SimulatedClock } from "../protocol/simulated.ts";

const LIFE_MS = 3_600_000;

function granted(username: string): Relay {
  return create(RelaySchema, { username, credential: "secret", lifetimeS: LIFE_MS / 1000 });
}

interface Appliance {
  away: boolean;
  /** How often it was asked, whether it could be reached or not. */
  asked: number;
  /** What an answer waits for. */
  answers: Promise<void>;
}

/** Access through an appliance that grants "renewed 1", "renewed 2" and so on, while it can be reached. */
function setUp(): { access: RelayAccess; clock: SimulatedClock; used: string[]; appliance: Appliance } {
  const clock = new SimulatedClock();
  const used: string[] = [];
  const appliance: Appliance = { away: false, asked: 0, answers: Promise.resolve() };
  let renewals = 0;
  const request = async (body: RequestBody): Promise<AnswerBody> => {
    appliance.asked += 1;
    await appliance.answers;
    if (appliance.away) throw new ConnectionLost();
    assert.equal(body.case, "renewRelay");
    renewals += 1;
    return { case: "relay", value: granted(`renewed ${renewals}`) };
  };
  const place = (): { hostname: string; port: string } => ({ hostname: "meet.example", port: "" });
  const access = new RelayAccess(request, clock, place, (servers) => {
    used.push(servers.map(({ username }) => username).join());
  });
  return { access, clock, used, appliance };
}

test("credentials are renewed long before they expire, again and again", async () => {
  const { access, clock, used } = setUp();
  access.entered(granted("first"));
  await clock.advance(LIFE_MS / 2 - 1);
  assert.deepEqual(used, ["first"]);
  await clock.advance(LIFE_MS);
  assert.deepEqual(used, ["first", "renewed 1", "renewed 2"]);
});

test("what could not be renewed is tried again before it expires", async () => {
  const { access, clock, used, appliance } = setUp();
  access.entered(granted("first"));
  appliance.away = true;
  await clock.advance(LIFE_MS / 2 + 1);
  appliance.away = false;
  await clock.advance(LIFE_MS / 4);
  assert.deepEqual(used, ["first", "renewed 1"]);
});

for (const [lifetimeS, retryS] of [[3600, 450], [120, 30]] as const) {
  test(`renewals of ${lifetimeS} s that fail again and again are ${retryS} s apart`, async () => {
    const { access, clock, appliance } = setUp();
    access.entered(create(RelaySchema, { username: "first", credential: "secret", lifetimeS }));
    appliance.away = true;
    await clock.advance(lifetimeS * 500);
    assert.equal(appliance.asked, 1);
    for (let failures = 1; failures < 8; failures++) {
      await clock.advance(retryS * 1000 - 1);
      assert.equal(appliance.asked, failures);
      await clock.advance(1);
      assert.equal(appliance.asked, failures + 1);
    }
  });
}

test("who comes back uses what they are told then, and renews that", async () => {
  const { access, clock, used } = setUp();
  access.entered(granted("first"));
  await clock.advance(LIFE_MS / 4);
  access.entered(granted("again"));
  await clock.advance(LIFE_MS / 2 - 1);
  assert.deepEqual(used, ["first", "again"]);
});

test("without a relay there is none, and nothing to renew", async () => {
  const { access, clock, used } = setUp();
  access.entered(undefined);
  await clock.advance(LIFE_MS);
  await settled();
  assert.deepEqual(used, [""]);
});

test("nothing is renewed once it is over", async () => {
  const { access, clock, used } = setUp();
  access.entered(granted("first"));
  access.close();
  await clock.advance(LIFE_MS);
  assert.deepEqual(used, ["first"]);
});

for (const away of [false, true]) {
  test(`a renewal that ${away ? "fails" : "succeeds"} when it is over changes nothing and is the last`, async () => {
    const { access, clock, used, appliance } = setUp();
    let answer = (): void => undefined;
    appliance.answers = new Promise((resolve) => (answer = resolve));
    access.entered(granted("first"));
    await clock.advance(LIFE_MS / 2);
    assert.equal(appliance.asked, 1);
    access.close();
    appliance.away = away;
    answer();
    await settled();
    await clock.advance(2 * LIFE_MS);
    assert.equal(appliance.asked, 1);
    assert.deepEqual(used, ["first"]);
  });
}
