import assert from "node:assert/strict";
import { test } from "node:test";

import { figuresBetween, linkSample, type LinkFigures } from "../../src/media/linkstatistics.ts";
import { FINE, judge, judgeOwnWay, steadied, type Quality } from "../../src/media/quality.ts";

const WELL: LinkFigures = {
  roundTripMs: 30,
  transport: "udp",
  availableOutgoing: 2_000_000,
  lossUp: 0,
  lossDown: 0,
  jitterMs: 5,
  freezes: 0,
  limitation: "none",
  sending: 800_000,
  receiving: 800_000,
};

test("each trouble has its level and reason", () => {
  const cases: readonly [Partial<LinkFigures>, string][] = [
    [{}, "good none"],
    [{ lossUp: 0.05 }, "weak lossUp"],
    [{ lossUp: 0.2 }, "poor lossUp"],
    [{ lossDown: 0.05 }, "weak lossDown"],
    [{ roundTripMs: 500 }, "weak delay"],
    [{ roundTripMs: 1000 }, "poor delay"],
    [{ roundTripMs: undefined }, "good none"],
    [{ jitterMs: 80 }, "weak jitter"],
    [{ freezes: 3 }, "poor freezes"],
    [{ limitation: "cpu" }, "weak computer"],
    [{ limitation: "bandwidth", availableOutgoing: 200_000 }, "weak bandwidthUp"],
    [{ limitation: "bandwidth", availableOutgoing: 60_000 }, "poor bandwidthUp"],
    // A small picture needs little: that little is available says nothing.
    [{ limitation: "none", availableOutgoing: 60_000 }, "good none"],
    // The worst is named, not the first.
    [{ lossUp: 0.05, lossDown: 0.3 }, "poor lossDown"],
  ];
  for (const [changed, expected] of cases) {
    const { level, reason } = judge({ ...WELL, ...changed });
    assert.equal(`${level} ${reason}`, expected);
  }
});

test("others are told only of what lies on the own way", () => {
  const cases: readonly [Partial<LinkFigures>, string][] = [
    [{}, "good none"],
    [{ lossUp: 0.2 }, "poor lossUp"],
    [{ roundTripMs: 500 }, "weak delay"],
    [{ limitation: "bandwidth", availableOutgoing: 60_000 }, "poor bandwidthUp"],
    // A sender's lost packets, uneven sound and halting picture are the same to everybody who receives them.
    [{ lossDown: 0.5, jitterMs: 500, freezes: 9 }, "good none"],
    [{ lossDown: 0.5, lossUp: 0.05 }, "weak lossUp"],
    [{ limitation: "cpu" }, "good none"],
  ];
  for (const [changed, expected] of cases) {
    const { level, reason } = judgeOwnWay({ ...WELL, ...changed });
    assert.equal(`${level} ${reason}`, expected);
  }
});

test("what is shown follows two bad readings in a row, and four good ones", () => {
  const bad: Quality = { level: "poor", reason: "lossUp" };
  const good: Quality = { level: "good", reason: "none" };
  const levels: string[] = [];
  let shown = FINE;
  for (const measured of [bad, good, bad, bad, good, good, good, bad, good, good, good, good]) {
    shown = steadied(shown, measured);
    levels.push(shown.level);
  }
  assert.deepEqual(levels, [
    ...["good", "good", "good", "poor"],
    ...["poor", "poor", "poor", "poor", "poor", "poor", "poor", "good"],
  ]);
});

test("a report of the whole connection is summed up", () => {
  const report = (lost: number, sent: number): Map<string, Record<string, unknown>> =>
    new Map<string, Record<string, unknown>>([
      ["T", { id: "T", type: "transport", selectedCandidatePairId: "P" }],
      ["Q", { id: "Q", type: "candidate-pair", currentRoundTripTime: 9 }],
      ["P", { id: "P", type: "candidate-pair", currentRoundTripTime: 0.05, localCandidateId: "L", availableOutgoingBitrate: 5e5, bytesReceived: 7, responsesReceived: 1 }],
      ["L", { id: "L", type: "local-candidate", protocol: "tcp" }],
      ["O", { id: "O", type: "outbound-rtp", packetsSent: sent, bytesSent: sent * 1000, qualityLimitationReason: "cpu" }],
      ["R", { id: "R", type: "remote-inbound-rtp", packetsLost: lost }],
      ["I", { id: "I", type: "inbound-rtp", kind: "audio", packetsReceived: sent, packetsLost: 0, bytesReceived: sent * 100, jitter: 0.02 }],
    ]);
  const before = linkSample(report(0, 100), 1000);
  const after = linkSample(report(10, 200), 3000);
  assert.equal(after.heard, 8);
  assert.deepEqual(figuresBetween(before, after), {
    roundTripMs: 50,
    transport: "tcp",
    availableOutgoing: 500_000,
    lossUp: 0.1,
    lossDown: 0,
    jitterMs: 20,
    freezes: 0,
    limitation: "cpu",
    sending: 400_000,
    receiving: 40_000,
  });
  // Counters of streams that ended leave the sum.
  assert.equal(figuresBetween(after, before).lossUp, 0);
});
