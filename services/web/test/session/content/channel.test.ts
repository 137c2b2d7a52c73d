import assert from "node:assert/strict";
import { test } from "node:test";

import { ContentKind } from "../../../src/gen/conclave/v1/content_pb.js";
import { CONFIRM_MS } from "../../../src/session/content/channel.ts";
import { ConnectionLost } from "../../../src/protocol/errors.ts";
import { chatWith, entered, KEY, page, record, shown } from "./chatting.ts";

test("history is read page by page and counts as read", async () => {
  const { channel, chat, take } = chatWith();
  void channel.entered(KEY);
  await take("readContent").answer(page([record(1, "one"), record(2, "two")], true));
  const second = take("readContent");
  assert.ok(second.body.case === "readContent");
  assert.equal(second.body.value.afterSequence, 2n);
  await second.answer(page([record(3, "three")]));
  assert.deepEqual(shown(chat), ["one", "two", "three"]);
  assert.equal(chat.unread.value, 0);
});

test("what arrives is confirmed once for all of it, and again after coming back", async () => {
  const { channel, clock, take, asked, added } = await entered();
  await added(record(1, "one"));
  await added(record(2, "two"));
  await clock.advance(CONFIRM_MS);
  const mark = take("markDelivered");
  assert.ok(mark.body.case === "markDelivered");
  assert.equal(mark.body.value.sequence, 2n);
  await clock.advance(10 * CONFIRM_MS);
  assert.equal(asked.length, 0);
  void channel.entered(KEY);
  await take("readContent").answer(page([]));
  await clock.advance(CONFIRM_MS);
  take("markDelivered");
});

test("what is missed while a page is on its way is asked for again after a loss", async () => {
  const { channel, take, added } = await entered([record(1, "one")]);
  void channel.entered(KEY);
  const page2 = take("readContent");
  await added(record(5, "five"));
  await page2.fail(new ConnectionLost());
  void channel.entered(KEY);
  const again = take("readContent");
  assert.ok(again.body.case === "readContent");
  assert.equal(again.body.value.afterSequence, 1n);
});

test("an object that a reader stumbles over keeps no later one away", async () => {
  const { channel, chat, take } = chatWith();
  const faulty = new Error("a reader's fault");
  let falls = true;
  channel.addReader({
    received: () => {
      if (falls) throw faulty;
    },
  });
  const entering = channel.entered(KEY);
  entering.catch(() => undefined);
  await take("readContent").answer(page([record(1, "one")]));
  await assert.rejects(entering, faulty);
  falls = false;
  void channel.entered(KEY);
  await take("readContent").answer(page([record(1, "one"), record(2, "two")]));
  assert.deepEqual(shown(chat), ["one", "two"]);
});

test("all kinds of objects count as known, and those that are not kept have no place", async () => {
  const { clock, take, added, channel } = await entered();
  await added(record(0, "", { id: "sign", kind: ContentKind.REACTION, body: { case: undefined } }));
  await added(record(7, "", { kind: 99 as ContentKind, body: { case: undefined } }));
  await clock.advance(CONFIRM_MS);
  const mark = take("markDelivered");
  assert.ok(mark.body.case === "markDelivered");
  assert.equal(mark.body.value.sequence, 7n);
  void channel.entered(KEY);
  const again = take("readContent");
  assert.ok(again.body.case === "readContent");
  assert.equal(again.body.value.afterSequence, 7n);
});
