import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { ParticipantSchema, QualityLevel, QualityReason } from "../../src/gen/conclave/v1/meetings_pb.js";
import type { Quality } from "../../src/media/quality.ts";
import type { AnswerBody, RequestBody } from "../../src/protocol/connection.ts";
import { ConnectionLost } from "../../src/protocol/errors.ts";
import { QualityReport } from "../../src/session/qualityreport.ts";
import { settled } from "../protocol/simulated.ts";

const GOOD: Quality = { level: "good", reason: "none" };
const LOSSY: Quality = { level: "poor", reason: "lossUp" };

/** A report over a connection that answers, or does not. */
function setUp(): { report: QualityReport; told: string[]; connection: { lost: boolean } } {
  const told: string[] = [];
  const connection = { lost: false };
  const request = async (body: RequestBody): Promise<AnswerBody> => {
    if (connection.lost) throw new ConnectionLost();
    assert.ok(body.case === "reportQuality");
    const { level, reason, cameraPaused } = body.value.quality ?? {};
    told.push(`${QualityLevel[level ?? 0]} ${QualityReason[reason ?? 0]}${cameraPaused === true ? " paused" : ""}`);
    return { case: undefined };
  };
  const report = new QualityReport(request);
  report.entered(known(QualityLevel.GOOD));
  return { report, told, connection };
}

function known(level: QualityLevel): ReturnType<typeof create<typeof ParticipantSchema>> {
  return create(ParticipantSchema, { id: "me", quality: { level } });
}

test("only changes are told", async () => {
  const { report, told } = setUp();
  for (const [quality, paused] of [[GOOD, false], [LOSSY, false], [LOSSY, false], [LOSSY, true], [GOOD, false]] as const) {
    report.tell(quality, paused);
    await settled();
  }
  assert.deepEqual(told, ["POOR LOSS", "POOR LOSS paused", "GOOD UNSPECIFIED"]);
});

test("what the appliance did not hear is told again", async () => {
  const { report, told, connection } = setUp();
  connection.lost = true;
  report.tell(LOSSY, false);
  await settled();
  connection.lost = false;
  report.tell(LOSSY, false);
  await settled();
  report.tell(LOSSY, false);
  assert.deepEqual(told, ["POOR LOSS"]);
});

test("what the appliance knows after a lost connection is put right", async () => {
  const { report, told } = setUp();
  report.tell(LOSSY, false);
  await settled();
  report.entered(known(QualityLevel.GOOD)); // An appliance that restarted has forgotten it.
  report.tell(LOSSY, false);
  await settled();
  report.entered(known(QualityLevel.POOR));
  report.tell(GOOD, false);
  await settled();
  assert.deepEqual(told, ["POOR LOSS", "POOR LOSS", "GOOD UNSPECIFIED"]);
});
