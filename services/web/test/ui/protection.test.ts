import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { signal } from "@preact/signals";

import { ProtectionMode, RoomSchema } from "../../src/gen/conclave/v1/rooms_pb.js";
import type { GroupStatus } from "../../src/session/group/driver.ts";
import type { Session } from "../../src/session/session.ts";
import { isRecorded, protectionIn, protectionOf, recordingOf } from "../../src/ui/protection.ts";

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

test("a meeting is called encrypted only while its group has keys, and then by how many people", () => {
  const room = signal(create(RoomSchema, { protectionMode: END_TO_END }));
  const status = signal<GroupStatus>({ name: "securing", givenUp: undefined });
  const session = { room, protection: { isOn: signal(true), status } } as unknown as Session;
  assert.equal(protectionIn(session)?.style, "securing");
  assert.doesNotMatch(protectionIn(session)?.title ?? "", /encrypted/i);
  const members = [{}, {}, {}];
  status.value = { name: "ready", view: { members }, sinceMs: 0 } as unknown as GroupStatus;
  assert.equal(protectionIn(session)?.style, "e2e");
  assert.match(protectionIn(session)?.text ?? "", /Only the 3 people here/);
  status.value = { name: "securing", givenUp: "withheld" };
  assert.equal(protectionIn(session)?.style, "securing");
});
