import assert from "node:assert/strict";
import { test } from "node:test";

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import {
  ConnectionState,
  ParticipantSchema,
  QualityLevel,
  QualityReason,
  type ConnectionQualitySchema,
} from "../../src/gen/conclave/v1/meetings_pb.js";
import { troubleOf, type Trouble } from "../../src/ui/trouble.ts";

function troubleWith(
  quality: MessageInitShape<typeof ConnectionQualitySchema> | undefined,
  connectionState = ConnectionState.CONNECTED,
): Trouble | undefined {
  const person = create(ParticipantSchema, { id: "a", displayName: "Anna", connectionState, ...(quality && { quality }) });
  return troubleOf(person);
}

test("a good connection, and one that nothing was told of, is not mentioned", () => {
  assert.equal(troubleWith(undefined), undefined);
  assert.equal(troubleWith({}), undefined);
  assert.equal(troubleWith({ level: QualityLevel.GOOD }), undefined);
});

test("it says whose connection is how bad, and what one notices", () => {
  const poor = troubleWith({ level: QualityLevel.POOR, reason: QualityReason.LOSS });
  assert.equal(poor?.whole, "Anna's connection is poor. Sound may have gaps.");
  const weak = troubleWith({ level: QualityLevel.WEAK, reason: QualityReason.DELAY });
  assert.equal(weak?.whole, "Anna's connection is weak. What is said arrives late.");
  assert.equal(weak.short, "Connection weak");
  assert.equal(troubleWith({ level: QualityLevel.WEAK })?.whole, "Anna's connection is weak.");
});

test("a camera that gave way is told even when the connection is better again", () => {
  for (const level of [QualityLevel.POOR, QualityLevel.GOOD]) {
    const trouble = troubleWith({ level, reason: QualityReason.LOSS, cameraPaused: true });
    assert.match(trouble?.whole ?? "", /The camera is paused so that the voice gets through\.$/);
  }
});

test("of a connection that is lost, nothing else is said", () => {
  assert.equal(troubleWith({ level: QualityLevel.POOR }, ConnectionState.RECONNECTING), undefined);
});
