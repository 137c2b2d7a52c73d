import assert from "node:assert/strict";
import { test } from "node:test";

import { networkFindings } from "../../src/ui/check/network.ts";
import type { NetworkFigures, Throughput } from "../../src/session/networkcheck.ts";

const GOOD: Throughput = { carrier: "udp", up: 2_800_000, down: 2_800_000, lossUp: 0, lossDown: 0, computerBusy: false };
const REACHED = { connects: true, roundTripMs: 12.4 };
const BLOCKED = { connects: false, roundTripMs: undefined };

function found(changes: Partial<NetworkFigures>): Record<string, readonly [string, string]> {
  const findings = networkFindings({ port: 10001, udp: REACHED, tcp: REACHED, throughput: GOOD, ...changes });
  return Object.fromEntries([...findings].map(([id, { state, text }]) => [id, [state, text]]));
}

test("a good network has nothing to explain", () => {
  assert.deepEqual(found({}), {
    udp: ["works", "There and back in 12 ms"],
    tcp: ["works", "There and back in 12 ms"],
    up: ["works", "2800 kbit/s, which is enough for a sharp picture"],
    down: ["works", "2800 kbit/s, which is enough for a sharp picture"],
  });
});

test("each blocked way says what it means, and which port to ask for", () => {
  const noUdp = found({ udp: BLOCKED });
  assert.deepEqual([noUdp["udp"]?.[0], noUdp["tcp"]?.[0]], ["limited", "works"]);
  assert.match(noUdp["udp"]?.[1] ?? "", /will work over TCP, with more delay\. .* allow UDP to port 10001/);
  const noTcp = found({ tcp: BLOCKED });
  assert.deepEqual([noTcp["udp"]?.[0], noTcp["tcp"]?.[0]], ["works", "limited"]);
  assert.match(noTcp["tcp"]?.[1] ?? "", /port 10001 .* no harm/);
  const nothing = found({ udp: BLOCKED, tcp: BLOCKED, throughput: undefined });
  assert.deepEqual(Object.values(nothing).map(([state]) => state), ["fails", "fails", "untried", "untried"]);
  assert.match(nothing["udp"]?.[1] ?? "", /no sound and no pictures/);
});

const AMOUNTS: readonly (readonly [Partial<Throughput>, string, RegExp])[] = [
  [{ up: 1_000_000 }, "works", /sharp/],
  [{ up: 999_000 }, "limited", /small picture/],
  [{ up: 250_000 }, "limited", /small picture/],
  [{ up: 249_000 }, "fails", /Turn your camera off/],
  [{ up: 249_000, computerBusy: true }, "limited", /computer was too busy/],
  [{ up: 2_000_000, computerBusy: true }, "works", /sharp/],
  [{ up: 2_000_000, lossUp: 0.05 }, "limited", /5 % of the packets are lost/],
  [{ up: 2_000_000, lossDown: 0.5 }, "works", /sharp/],
  [{ up: 100_000, lossUp: 0.5 }, "fails", /Turn your camera off/],
];

test("how much gets through is said in what it is enough for", () => {
  for (const [changes, state, text] of AMOUNTS) {
    const up = found({ throughput: { ...GOOD, ...changes } })["up"];
    assert.equal(up?.[0], state, JSON.stringify(changes));
    assert.match(up?.[1] ?? "", text);
  }
  const down = found({ throughput: { ...GOOD, down: 100_000, up: 3_000_000 } });
  assert.deepEqual([down["up"]?.[0], down["down"]?.[0]], ["works", "fails"]);
  assert.match(down["down"]?.[1] ?? "", /pictures of the others/);
});

test("what could not be sent says nothing about the way back", () => {
  const narrowUp = found({ throughput: { ...GOOD, up: 200_000, down: 195_000 } });
  assert.deepEqual([narrowUp["up"]?.[0], narrowUp["down"]], ["fails", ["works", "At least 195 kbit/s: whatever could be sent came back."]]);
});
