import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { ContentKind, ContentRecordSchema, ReactionSign, type ContentRecord } from "../../../src/gen/conclave/v1/content_pb.js";
import { DataClass } from "../../../src/gen/conclave/v1/data_class_pb.js";
import type { RequestBody } from "../../../src/protocol/connection.ts";
import { ConnectionLost } from "../../../src/protocol/errors.ts";
import { MOST_SHOWN, Reactions, SHOWN_MS } from "../../../src/session/content/reactions.ts";
import { SimulatedClock } from "../../protocol/simulated.ts";

const lost = (): Promise<never> => Promise.reject(new ConnectionLost());

function given(id: string, sign = ReactionSign.CLAP): ContentRecord {
  return create(ContentRecordSchema, {
    id,
    kind: ContentKind.REACTION,
    senderDisplayName: "Ada",
    body: { case: "clear", value: { content: { case: "reaction", value: { sign } } } },
  });
}

test("a sign is shown for a moment", async () => {
  const clock = new SimulatedClock();
  const reactions = new Reactions(lost, clock);
  reactions.added(given("a"));
  await clock.advance(SHOWN_MS / 2);
  reactions.added(given("b", ReactionSign.HEART));
  assert.deepEqual(reactions.shown.value.map(({ id, sign }) => [id, sign]), [["a", ReactionSign.CLAP], ["b", ReactionSign.HEART]]);
  await clock.advance(SHOWN_MS / 2);
  assert.deepEqual(reactions.shown.value.map(({ id }) => id), ["b"]);
  await clock.advance(SHOWN_MS / 2);
  assert.deepEqual(reactions.shown.value, []);
});

test("a flood of signs shows the latest", () => {
  const reactions = new Reactions(lost, new SimulatedClock());
  for (let number = 0; number < 50; number++) reactions.added(given(String(number)));
  assert.deepEqual([reactions.shown.value.length, reactions.shown.value.at(-1)?.id], [MOST_SHOWN, "49"]);
});

test("lines of chat are no signs", () => {
  const reactions = new Reactions(lost, new SimulatedClock());
  reactions.added(create(ContentRecordSchema, { id: "a", kind: ContentKind.CHAT }));
  assert.deepEqual(reactions.shown.value, []);
});

test("a sign is sent once, and a lost one is let go", async () => {
  const asked: RequestBody[] = [];
  const reactions = new Reactions((body) => (asked.push(body), lost()), new SimulatedClock());
  await reactions.send(ReactionSign.LAUGH);
  const [request] = asked;
  assert.ok(asked.length === 1 && request?.case === "sendContent");
  assert.equal(request.value.body?.case === "clear" && request.value.body.value.dataClass, DataClass.ENGAGEMENT);
});
