import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { Context } from "../../../src/crypto/keys/kid.ts";
import type { Member } from "../../../src/crypto/member.ts";
import { SourceKind } from "../../../src/gen/conclave/v1/meetings_pb.js";
import { JoinedSchema } from "../../../src/gen/conclave/v1/signalling_pb.js";
import { rosterFrom } from "../../../src/protocol/roster.ts";
import { withProvenNames } from "../../../src/session/group/names.ts";
import { announcedBy } from "../../../src/session/group/slots.ts";
import { member } from "../../crypto/epochs.ts";

const ROSTER = rosterFrom(
  create(JoinedSchema, {
    participantId: "me",
    participants: [
      { id: "me", displayName: "Me" },
      {
        id: "mei",
        displayName: "The chairman",
        member: true,
        sources: [
          { id: "mei/camera", kind: SourceKind.CAMERA, active: true },
          { id: "mei/microphone", kind: SourceKind.MICROPHONE, active: false },
          { id: "mei/screen", kind: SourceKind.SCREEN, active: true },
        ],
      },
    ],
    slots: [
      { mid: "4", audio: true, sourceId: "mei/microphone" },
      { mid: "7", sourceId: "mei/camera" },
      { mid: "8", sourceId: "mei/screen" },
      { mid: "9", sourceId: "" },
      { mid: "10", sourceId: "nobody/camera" },
    ],
  }),
  0,
);

test("slots are announced by whose source they show, and those of nobody play nothing", () => {
  assert.deepEqual(Object.fromEntries(announcedBy(ROSTER)), {
    4: { participantId: "mei", context: Context.MICROPHONE },
    7: { participantId: "mei", context: Context.CAMERA },
    8: { participantId: "mei", context: Context.SCREEN },
  });
});

test("people in the group are called as the deployment has signed, and a guest is no member, whatever is told", () => {
  const mei: Member = { ...member(1, "mei"), displayName: "Mei-Lin" };
  const { participants } = withProvenNames(ROSTER, new Map([["mei", mei]]));
  assert.deepEqual(
    participants.map(({ displayName, member }) => [displayName, member]),
    [["Me", false], ["Mei-Lin", false]],
  );
  assert.equal(withProvenNames(ROSTER, new Map()), ROSTER);
});
