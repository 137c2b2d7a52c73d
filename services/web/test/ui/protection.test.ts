import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { ProtectionMode, RoomSchema } from "../../src/gen/conclave/v1/rooms_pb.js";
import { isRecorded, protectionOf, recordingOf } from "../../src/ui/protection.ts";

const { UNSPECIFIED, END_TO_END, END_TO_END_SEALED, MANAGED } = ProtectionMode;

for (const [mode, protection, recording] of [
  [END_TO_END, "e2e", "unrecorded"],
  [END_TO_END_SEALED, "e2e", "sealed"],
  [MANAGED, "managed", "unrecorded"],
  // What is not known is never called more than it might be.
  [UNSPECIFIED, "managed", "unrecorded"],
  [99 as ProtectionMode, "managed", "unrecorded"],
] as const) {
  test(`a room of mode ${ProtectionMode[mode] ?? mode} is ${protection} and ${recording}`, () => {
    const room = create(RoomSchema, { protectionMode: mode });
    assert.equal(protectionOf(room).style, protection);
    assert.equal(recordingOf(room).style, recording);
  });
}

test("only a room that is recorded asks for consent", () => {
  const asking = [UNSPECIFIED, END_TO_END, END_TO_END_SEALED, MANAGED].filter((protectionMode) =>
    isRecorded(create(RoomSchema, { protectionMode })),
  );
  assert.deepEqual(asking, [END_TO_END_SEALED]);
});
