import assert from "node:assert/strict";
import { test } from "node:test";

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import { ContentDeletion, ContentKind, ContentRecordSchema, type ContentRecord } from "../../../src/gen/conclave/v1/content_pb.js";
import { ErrorCode, ServerMessageSchema } from "../../../src/gen/conclave/v1/signalling_pb.js";
import type { AnswerBody, RequestBody } from "../../../src/protocol/connection.ts";
import { ConnectionLost, SignallingError } from "../../../src/protocol/errors.ts";
import { Chat, CONFIRM_MS } from "../../../src/session/content/chat.ts";
import { settled, SimulatedClock } from "../../protocol/simulated.ts";

const KEY = new Uint8Array(32);

interface Asked {
  readonly body: RequestBody;
  readonly answer: (body: MessageInitShape<typeof ServerMessageSchema>["body"]) => Promise<void>;
  readonly fail: (error: Error) => Promise<void>;
}

/** A chat whose requests the test answers. */
function chatWith(): { chat: Chat; clock: SimulatedClock; asked: Asked[]; take: (kind: RequestBody["case"]) => Asked } {
  const asked: Asked[] = [];
  const clock = new SimulatedClock();
  const request = (body: RequestBody): Promise<AnswerBody> =>
    new Promise((resolve, reject) => {
      asked.push({
        body,
        answer: async (answer) => {
          resolve(create(ServerMessageSchema, { body: answer as NonNullable<typeof answer> }).body);
          await settled();
        },
        fail: async (error) => {
          reject(error);
          await settled();
        },
      });
    });
  const take = (kind: RequestBody["case"]): Asked => {
    const first = asked.shift();
    assert.equal(first?.body.case, kind);
    return first as Asked;
  };
  return { chat: new Chat(request, clock), clock, asked, take };
}

function record(sequence: number, text: string, more: MessageInitShape<typeof ContentRecordSchema> = {}): ContentRecord {
  return create(ContentRecordSchema, {
    sequence: BigInt(sequence),
    firstSequence: BigInt(sequence),
    id: `id-${sequence}`,
    kind: ContentKind.CHAT,
    revision: 1,
    senderParticipantId: "ada",
    senderDisplayName: "Ada",
    body: { case: "clear", value: { content: { case: "chat", value: { text } } } },
    ...more,
  });
}

const page = (records: ContentRecord[], more = false) => ({ case: "contentPage", value: { records, more } }) as const;
const SENT = { case: "contentSent", value: { sequence: 1n } } as const;
const shown = (chat: Chat): string[] => chat.log.value.map((each) => each.text);

async function entered(history: ContentRecord[] = []) {
  const all = chatWith();
  void all.chat.entered(KEY);
  await all.take("readContent").answer(page(history));
  return all;
}

test("history is read page by page and counts as read", async () => {
  const { chat, take } = chatWith();
  void chat.entered(KEY);
  await take("readContent").answer(page([record(1, "one"), record(2, "two")], true));
  const second = take("readContent");
  assert.ok(second.body.case === "readContent");
  assert.equal(second.body.value.afterSequence, 2n);
  await second.answer(page([record(3, "three")]));
  assert.deepEqual(shown(chat), ["one", "two", "three"]);
  assert.equal(chat.unread.value, 0);
});

test("lines keep the order in which they were first said, whatever changes and comes when", async () => {
  const { chat } = await entered([record(2, "two")]);
  chat.added(record(1, "one"));
  chat.added(record(4, "two, changed", { id: "id-2", firstSequence: 2n, revision: 2 }));
  chat.added(record(3, "three"));
  // An older state that comes late does not undo the change.
  chat.added(record(2, "two"));
  assert.deepEqual(shown(chat), ["one", "two, changed", "three"]);
});

test("lines of others are unread until one looks; one's own and deleted ones are not", async () => {
  const { chat } = await entered();
  chat.added(record(1, "mine", { own: true }));
  chat.added(record(2, "theirs"));
  chat.added(record(3, "theirs too"));
  assert.equal(chat.unread.value, 2);
  assert.equal(chat.heard.value?.text, "theirs too");
  chat.added(record(4, "", { id: "id-3", firstSequence: 3n, deletion: ContentDeletion.BY_AUTHOR, body: { case: undefined } }));
  assert.equal(chat.unread.value, 1);
  chat.seen();
  assert.equal(chat.unread.value, 0);
});

test("what arrives is confirmed once for all of it, and again after coming back", async () => {
  const { chat, clock, take, asked } = await entered();
  chat.added(record(1, "one"));
  chat.added(record(2, "two"));
  await clock.advance(CONFIRM_MS);
  const mark = take("markDelivered");
  assert.ok(mark.body.case === "markDelivered");
  assert.equal(mark.body.value.sequence, 2n);
  await clock.advance(10 * CONFIRM_MS);
  assert.equal(asked.length, 0);
  void chat.entered(KEY);
  await take("readContent").answer(page([]));
  await clock.advance(CONFIRM_MS);
  take("markDelivered");
});

test("lines go out one after the other, each once", async () => {
  const { chat, take, asked } = await entered();
  for (const text of ["one", "two"]) {
    chat.draft.value = `${text} `;
    chat.submit();
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
  assert.equal(asked.length, 0);
});

test("a line whose answer was lost goes out again under the same id", async () => {
  const { chat, take } = await entered();
  chat.draft.value = "one";
  chat.submit();
  const lost = take("sendContent");
  await lost.fail(new ConnectionLost());
  assert.equal(chat.outgoing.value.length, 1);
  assert.equal(chat.outgoing.value[0]?.refusal, undefined);
  void chat.entered(KEY);
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
  }
  await take("sendContent").fail(new SignallingError(ErrorCode.LIMIT_EXCEEDED, "too many"));
  await take("sendContent").answer(SENT);
  const [refused] = chat.outgoing.value;
  assert.equal(refused?.refusal?.code, ErrorCode.LIMIT_EXCEEDED);
  chat.retry(refused?.id ?? "");
  await take("sendContent").fail(new SignallingError(ErrorCode.LIMIT_EXCEEDED, "too many"));
  chat.discard(refused?.id ?? "");
  assert.deepEqual([chat.outgoing.value.length, asked.length], [0, 0]);
});

test("what is missed while a page is on its way is asked for again after a loss", async () => {
  const { chat, take } = await entered([record(1, "one")]);
  void chat.entered(KEY);
  const page2 = take("readContent");
  chat.added(record(5, "five"));
  await page2.fail(new ConnectionLost());
  void chat.entered(KEY);
  const again = take("readContent");
  assert.ok(again.body.case === "readContent");
  assert.equal(again.body.value.afterSequence, 1n);
});

test("a change is the next revision, and leaves the draft alone", async () => {
  const { chat, take } = await entered([record(1, "one", { own: true })]);
  chat.draft.value = "half a thought";
  const entry = chat.log.value[0];
  assert.ok(entry !== undefined);
  chat.editing.value = { entry, text: "one, changed" };
  chat.submit();
  const sent = take("sendContent");
  assert.ok(sent.body.case === "sendContent");
  assert.deepEqual([sent.body.value.id, sent.body.value.revision], ["id-1", 2]);
  assert.equal(chat.draft.value, "half a thought");
  assert.equal(chat.editing.value, undefined);
});

test("a new meeting knows nothing of the one before, and keeps what is on its way", async () => {
  const { chat } = await entered([record(1, "one")]);
  chat.draft.value = "two";
  chat.submit();
  chat.forget();
  assert.deepEqual([chat.log.value.length, chat.unread.value, chat.outgoing.value.length], [0, 0, 1]);
});
