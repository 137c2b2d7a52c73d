import assert from "node:assert/strict";
import { test } from "node:test";

import { create, toBinary } from "@bufbuild/protobuf";

import { ContentDeletion, ContentKind, ContentObjectSchema, type ContentRecord } from "../../../src/gen/conclave/v1/content_pb.js";
import { DataClass } from "../../../src/gen/conclave/v1/data_class_pb.js";
import { ConnectionLost } from "../../../src/protocol/errors.ts";
import type { Chat } from "../../../src/session/content/chat.ts";
import { RecipientMissing, Seal } from "../../../src/session/content/seal.ts";
import { settled } from "../../protocol/simulated.ts";
import { entered, KEY, page, record, SENT, shown } from "./chatting.ts";
import { TestedProtection } from "./protections.ts";

/** A record as it comes in an end-to-end room. */
function sealedRecord(sequence: number, text: string, more: Parameters<typeof record>[2] = {}): ContentRecord {
  const content = { case: "chat", value: { text } } as const;
  const object = toBinary(ContentObjectSchema, create(ContentObjectSchema, { content }));
  return record(sequence, "", { body: { case: "sealed", value: object.toReversed() }, ...more });
}

const isHeard = (chat: Chat): boolean => chat.heard.value !== undefined;

async function inRoom(history: ContentRecord[] = []) {
  const protection = new TestedProtection();
  return { protection, ...(await entered(history, new Seal(protection))) };
}

test("a line waits for the keys and goes out sealed", async () => {
  const { chat, protection, asked, take } = await inRoom();
  chat.draft.value = "quarterly figures";
  chat.submit();
  await settled();
  assert.deepEqual([asked.length, chat.outgoing.value[0]?.refusal], [0, undefined]);
  // In the group, and out of it again before the line was sealed.
  protection.ready();
  protection.unsealable = "no-key";
  await settled();
  assert.equal(asked.length, 0);
  protection.ready();
  await settled();
  const { body } = take("sendContent");
  assert.ok(body.case === "sendContent" && body.value.body?.case === "sealed");
  assert.equal(Buffer.from(body.value.body.value).includes("quarterly"), false);
});

test("a line that was lost is sealed anew, under the keys of then", async () => {
  const { channel, chat, protection, take } = await inRoom();
  protection.ready();
  chat.draft.value = "one";
  chat.submit();
  await settled();
  await take("sendContent").fail(new ConnectionLost());
  void channel.entered(KEY);
  await take("readContent").answer(page([]));
  await take("sendContent").answer(SENT);
  assert.deepEqual(chat.outgoing.value, []);
});

test("a private line to somebody without a key stays, with the reason", async () => {
  const { chat, protection, asked } = await inRoom();
  protection.ready();
  protection.unsealable = "no-recipient";
  chat.addressee.value = { id: "ben", name: "Ben" };
  chat.draft.value = "one";
  chat.submit();
  await settled();
  assert.ok(chat.outgoing.value[0]?.refusal instanceof RecipientMissing);
  assert.equal(asked.length, 0);
});

test("what comes is compared with what the appliance says, and its author called as proved", async () => {
  const { chat, protection, added } = await inRoom();
  protection.ready();
  await added(sealedRecord(1, "one", { senderDisplayName: "Somebody else", recipientParticipantId: "me" }));
  assert.deepEqual(shown(chat), ["one"]);
  assert.equal(chat.log.value[0]?.senderName, "Ada, proved");
  const facts = { kind: ContentKind.CHAT, dataClass: DataClass.MESSAGES, id: "id-1", revision: 1, own: false, parentId: "", closed: false };
  assert.deepEqual(protection.claims, [{ ...facts, senderId: "ada", recipientId: "me", passing: false }]);
});

test("a line that cannot be opened says why, and the rest goes on", async () => {
  const { chat, protection, added } = await inRoom();
  protection.ready();
  protection.refused = "forged";
  await added(sealedRecord(1, "one"));
  protection.refused = undefined;
  await added(sealedRecord(2, "two"));
  assert.deepEqual(chat.log.value.map((each) => each.refusal ?? each.text), ["forged", "two"]);
  assert.deepEqual([chat.unread.value, chat.heard.value?.text], [1, "two"]);
});

test("what comes readable is not shown in an end-to-end room, not even after it is called a managed one", async () => {
  const { chat, protection, added } = await inRoom();
  protection.ready();
  await added(record(1, "one"));
  protection.isOn.value = false;
  await added(record(2, "two"));
  assert.deepEqual(chat.log.value.map((each) => each.refusal ?? each.text), ["unprotected", "unprotected"]);
});

test("what comes before its key is shown as soon as there is one", async () => {
  const { chat, protection, added } = await inRoom();
  protection.refused = "other-group";
  await added(sealedRecord(1, "one"));
  assert.deepEqual(chat.log.value.map((each) => each.refusal ?? each.text), ["future-epoch"]);
  assert.ok(!isHeard(chat));
  protection.refused = undefined;
  protection.ready();
  await settled();
  assert.deepEqual(shown(chat), ["one"]);
  assert.equal(chat.heard.value?.text, "one");
});

test("what was deleted while it waited for its key stays deleted", async () => {
  const { chat, protection, added } = await inRoom();
  protection.refused = "no-key";
  await added(sealedRecord(1, "one"));
  const deletion = { id: "id-1", firstSequence: 1n, deletion: ContentDeletion.BY_AUTHOR, body: { case: undefined } } as const;
  await added(record(2, "", deletion));
  protection.refused = undefined;
  protection.ready();
  await settled();
  assert.deepEqual(chat.log.value.map(({ text, deletion }) => [text, deletion]), [["", ContentDeletion.BY_AUTHOR]]);
});

test("earlier lines whose keys were never here are counted, not shown", async () => {
  const { channel, chat, protection, take } = await inRoom();
  protection.ready();
  protection.refused = "no-key";
  void channel.entered(KEY);
  await take("readContent").answer(page([sealedRecord(1, "one"), sealedRecord(2, "two")]));
  assert.deepEqual(chat.log.value.map((each) => each.isEarlier), [true, true]);
});
