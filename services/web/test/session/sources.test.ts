import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { signal } from "@preact/signals";

import { ParticipantSchema, SourceKind, type Participant } from "../../src/gen/conclave/v1/meetings_pb.js";
import type { AnswerBody, RequestBody } from "../../src/protocol/connection.ts";
import { ConnectionLost } from "../../src/protocol/errors.ts";
import { Sources, type SwitchedMedia } from "../../src/session/sources.ts";
import { settled } from "../protocol/simulated.ts";

/** Sources over a connection that answers, or does not, and a microphone that is a switch. */
function setUp(): { sources: Sources; local: SwitchedMedia; told: boolean[]; connection: { lost: boolean } } {
  const told: boolean[] = [];
  const connection = { lost: false };
  const request = async (body: RequestBody): Promise<AnswerBody> => {
    if (connection.lost) throw new ConnectionLost();
    assert.ok(body.case === "setSources");
    for (const source of body.value.sources ?? []) told.push(source.active === true);
    return { case: undefined };
  };
  const microphoneOn = signal(false);
  const local: SwitchedMedia = {
    microphoneOn,
    trackOf: () => (microphoneOn.value ? ({} as MediaStreamTrack) : null),
    setMicrophone: async (on) => {
      microphoneOn.value = on;
      sources.tell([SourceKind.MICROPHONE]);
      await settled();
    },
  };
  const sources = new Sources(request, local);
  return { sources, local, told, connection };
}

function self(active: boolean): Participant {
  return create(ParticipantSchema, { id: "me", sources: [{ kind: SourceKind.MICROPHONE, active }] });
}

test("a microphone that a host switches off stays off, and says who did it, until the person switches it on", async () => {
  const { sources, local, told } = setUp();
  await local.setMicrophone(true);
  sources.muted("Amara Okafor");
  assert.equal(local.microphoneOn.value, false);
  assert.equal(sources.mutedBy.value, "Amara Okafor");
  await local.setMicrophone(true);
  assert.equal(sources.mutedBy.value, undefined);
  assert.deepEqual(told, [true, false, true]);
});

test("a host's switch that was missed while the connection was lost is obeyed", async () => {
  const { sources, local } = setUp();
  await local.setMicrophone(true);
  sources.resumed(self(false));
  assert.equal(local.microphoneOn.value, false);
  assert.equal(sources.mutedBy.value, "");
});

test("what the person switched on while the connection was lost stays on", async () => {
  const { sources, local, connection } = setUp();
  await local.setMicrophone(true);
  await local.setMicrophone(false);
  connection.lost = true;
  await local.setMicrophone(true);
  connection.lost = false;
  sources.resumed(self(false));
  assert.equal(local.microphoneOn.value, true);
  assert.equal(sources.mutedBy.value, undefined);
});
