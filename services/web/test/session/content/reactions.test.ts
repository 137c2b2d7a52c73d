import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { ContentKind, ContentRecordSchema, ReactionSign } from "../../../src/gen/conclave/v1/content_pb.js";
import { DataClass } from "../../../src/gen/conclave/v1/data_class_pb.js";
import type { Request, RequestBody } from "../../../src/protocol/connection.ts";
import { ConnectionLost } from "../../../src/protocol/errors.ts";
import { ContentChannel, type Received } from "../../../src/session/content/channel.ts";
import { MOST_SHOWN, Reactions, SHOWN_MS } from "../../../src/session/content/reactions.ts";
import { SimulatedClock } from "../../protocol/simulated.ts";
import { managedSeal } from "./protections.ts";

const lost = (): Promise<never> => Promise.reject(new ConnectionLost());

function reactionsWith(request: Request = lost): { reactions: Reactions; clock: SimulatedClock } {
  const clock = new SimulatedClock();
  return { clock, reactions: new Reactions(new ContentChannel(request, clock, managedSeal()), clock) };
}

function given(id: string, sign = ReactionSign.CLAP): Received {
  const record = create(ContentRecordSchema, { id, kind: ContentKind.REACTION, senderDisplayName: "Ada" });
  const content = { case: "clear", value: { content: { case: "reaction", value: { sign } } } } as const;
  const { body } = create(ContentRecordSchema, { body: content });
  return { record, content: body.case === "clear" ? body.value.content : { case: undefined }, isLive: true, refusal: undefined };
}

test("a sign is shown for a moment", async () => {
  const { reactions, clock } = reactionsWith();
  reactions.received(given("a"));
  await clock.advance(SHOWN_MS / 2);
  reactions.received(given("b", ReactionSign.HEART));
  assert.deepEqual(reactions.shown.value.map(({ id, sign }) => [id, sign]), [["a", ReactionSign.CLAP], ["b", ReactionSign.HEART]]);
  await clock.advance(SHOWN_MS / 2);
  assert.deepEqual(reactions.shown.value.map(({ id }) => id), ["b"]);
  await clock.advance(SHOWN_MS / 2);
  assert.deepEqual(reactions.shown.value, []);
});

test("a flood of signs shows the latest", () => {
  const { reactions } = reactionsWith();
  for (let number = 0; number < 50; number++) reactions.received(given(String(number)));
  assert.deepEqual([reactions.shown.value.length, reactions.shown.value.at(-1)?.id], [MOST_SHOWN, "49"]);
});

test("lines of chat are no signs", () => {
  const { reactions } = reactionsWith();
  reactions.received({ ...given("a"), content: { case: undefined } });
  assert.deepEqual(reactions.shown.value, []);
});

test("a sign is sent once, and a lost one is let go", async () => {
  const asked: RequestBody[] = [];
  const { reactions } = reactionsWith((body) => (asked.push(body), lost()));
  await reactions.send(ReactionSign.LAUGH);
  const [request] = asked;
  assert.ok(asked.length === 1 && request?.case === "sendContent");
  assert.equal(request.value.body?.case === "clear" && request.value.body.value.dataClass, DataClass.ENGAGEMENT);
});
