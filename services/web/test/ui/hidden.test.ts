import assert from "node:assert/strict";
import { test } from "node:test";

import { signal } from "@preact/signals";

import type { Stop } from "../../src/crypto/worker/frames.ts";
import type { Session } from "../../src/session/session.ts";
import { hiddenOf } from "../../src/ui/hidden.ts";

function sessionWith(values: { isOn?: boolean; ready?: boolean; members?: string[]; stopped?: [string, Stop][] }): Session {
  const { isOn = true, ready = true, members = [], stopped = [] } = values;
  return {
    roster: signal({ selfId: "me" }),
    protection: {
      isOn: signal(isOn),
      status: signal({ name: ready ? "ready" : "securing" }),
      members: signal(new Map(members.map((id) => [id, {}]))),
      frames: { stopped: signal(new Map(stopped)) },
    },
  } as unknown as Session;
}

test("who has no leaf in the group just joined; oneself and people of managed rooms are never hidden", () => {
  assert.deepEqual(hiddenOf(sessionWith({ members: ["me"] }), "mei", "7"), { waits: "justJoined" });
  assert.equal(hiddenOf(sessionWith({ members: ["mei"] }), "mei", "7"), undefined);
  assert.equal(hiddenOf(sessionWith({}), "me", "7"), undefined);
  assert.equal(hiddenOf(sessionWith({ isOn: false }), "mei", "7"), undefined);
});

for (const [why, hidden] of [
  ["no-key", { waits: "keysChanging" }],
  ["future-epoch", { waits: "keysChanging" }],
  ["stale-epoch", { why: "stale-epoch" }],
  ["wrong-source", { why: "wrong-source" }],
  ["forged", { why: "forged" }],
] as const) {
  test(`a slot that plays nothing for ${why} is told as ${JSON.stringify(hidden)}`, () => {
    const session = sessionWith({ members: ["mei"], stopped: [["7", why]] });
    assert.deepEqual(hiddenOf(session, "mei", "7"), hidden);
    assert.equal(hiddenOf(session, "mei", "8"), undefined, "another slot");
  });
}
