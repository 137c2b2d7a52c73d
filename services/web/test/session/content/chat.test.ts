import assert from "node:assert/strict";
import { test } from "node:test";

import { ContentDeletion } from "../../../src/gen/conclave/v1/content_pb.js";
import { ErrorCode } from "../../../src/gen/conclave/v1/signalling_pb.js";
import { ConnectionLost, SignallingError } from "../../../src/protocol/errors.ts";
import { settled } from "../../protocol/simulated.ts";
import { entered, KEY, page, record, SENT, shown } from "./chatting.ts";

test("lines keep the order in which they were first said, whatever changes and comes when", async () => {
  const { chat, added } = await entered([record(2, "two")]);
  await added(record(1, "one"));
  await added(record(4, "two, changed", { id: "id-2", firstSequence: 2n, revision: 2 }));
  await added(record(3, "three"));
  // An older state that comes late does not undo the change.
  await added(record(2, "two"));
  assert.deepEqual(shown(chat), ["one", "two, changed", "three"]);
});

test("lines of others are unread until one looks; one's own and deleted ones are not", async () => {
  const { chat, added } = await entered();
  await added(record(1, "mine", { own: true }));
  await added(record(2, "theirs"));
  await added(record(3, "theirs too"));
  assert.equal(chat.unread.value, 2);
  assert.equal(chat.heard.value?.text, "theirs too");
  await added(record(4, "", { id: "id-3", firstSequence: 3n, deletion: ContentDeletion.BY_AUTHOR, body: { case: undefined } }));
  assert.equal(chat.unread.value, 1);
  chat.seen();
  assert.equal(chat.unread.value, 0);
});

test("lines go out one after the other, each once", async () => {
  const { chat, take, asked } = await entered();
  for (const text of ["one", "two"]) {
    chat.draft.value = `${text} `;
    chat.submit();
    await settled();
  }
  assert.equal(chat.draft.value, "");
  const first = take("sendContent");
  assert.ok(first.body.case === "sendContent");
  assert.match(first.body.value.id ?? "", /^[a-z2-7]{16}$/u);
  assert.equal(asked.length, 0);
  await first.answer(SENT);
  await take("sendContent").answer(SENT);
  assert.deepEqual(chat.outgoing.value, []);
  chat.draft.value = " \n ";
  chat.submit();
  await settled();
  assert.equal(asked.length, 0);
});

test("a line whose answer was lost goes out again under the same id", async () => {
  const { channel, chat, take } = await entered();
  chat.draft.value = "one";
  chat.submit();
  await settled();
  const lost = take("sendContent");
  await lost.fail(new ConnectionLost());
  assert.equal(chat.outgoing.value.length, 1);
  assert.equal(chat.outgoing.value[0]?.refusal, undefined);
  void channel.entered(KEY);
  await take("readContent").answer(page([]));
  const again = take("sendContent");
  assert.deepEqual(again.body, lost.body);
  await again.answer(SENT);
  assert.deepEqual(chat.outgoing.value, []);
});

test("a refused line stays with its reason, lets later ones pass, and can be tried again or given up", async () => {
  const { chat, take, asked } = await entered();
  for (const text of ["one", "two"]) {
    chat.draft.value = text;
    chat.submit();
    await settled();
  }
  await take("sendContent").fail(new SignallingError(ErrorCode.LIMIT_EXCEEDED, "too many"));
  await take("sendContent").answer(SENT);
  const [refused] = chat.outgoing.value;
  assert.ok(refused?.refusal instanceof SignallingError);
  assert.equal(refused.refusal.code, ErrorCode.LIMIT_EXCEEDED);
  chat.retry(refused?.id ?? "");
  await settled();
  await take("sendContent").fail(new SignallingError(ErrorCode.LIMIT_EXCEEDED, "too many"));
  chat.discard(refused?.id ?? "");
  assert.deepEqual([chat.outgoing.value.length, asked.length], [0, 0]);
});

test("a change is the next revision, and leaves the draft alone", async () => {
  const { chat, take } = await entered([record(1, "one", { own: true })]);
  chat.draft.value = "half a thought";
  const entry = chat.log.value[0];
  assert.ok(entry !== undefined);
  chat.editing.value = { entry, text: "one, changed" };
  chat.submit();
  await settled();
  const sent = take("sendContent");
  assert.ok(sent.body.case === "sendContent");
  assert.deepEqual([sent.body.value.id, sent.body.value.revision], ["id-1", 2]);
  assert.equal(chat.draft.value, "half a thought");
  assert.equal(chat.editing.value, undefined);
});

test("a new meeting knows nothing of the one before, and keeps what is on its way", async () => {
  const { channel, chat } = await entered([record(1, "one")]);
  chat.draft.value = "two";
  chat.submit();
  await settled();
  channel.forget();
  await settled();
  assert.deepEqual([chat.log.value.length, chat.unread.value, chat.outgoing.value.length], [0, 0, 1]);
});
