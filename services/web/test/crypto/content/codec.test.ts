import assert from "node:assert/strict";
import { test } from "node:test";

import { MEETING } from "../people.ts";
import { changed, talk, Talker } from "./talkers.ts";

test("a line is read by everybody who was there, and by its author, and its bytes say nothing", async () => {
  const [anna, ben, cleo] = (await talk("anna", "ben", "cleo")) as [Talker, Talker, Talker];
  const { sealed, claim } = await anna.says("the quarterly figures");
  for (const each of [ben, cleo]) assert.equal(await each.reads(sealed, claim), "the quarterly figures");
  assert.equal(await anna.reads(sealed, { ...claim, own: true }), "the quarterly figures");
  assert.equal(Buffer.from(sealed).includes("quarterly"), false);
  // It may come again, from the history.
  assert.equal(await ben.reads(sealed, claim), "the quarterly figures");
});

test("who wrote a line is called as the deployment has signed", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  const { sealed, claim } = await anna.says("hello", "ben");
  const opening = await ben.codec.open(sealed, claim);
  assert.deepEqual(opening.refused === undefined && [opening.senderName, opening.recipientName], ["anna", "ben"]);
});

test("a private line is read by the one it is for and by its author alone", async () => {
  const [anna, ben, cleo] = (await talk("anna", "ben", "cleo")) as [Talker, Talker, Talker];
  const { sealed, claim } = await anna.says("between us", "ben");
  assert.equal(await ben.reads(sealed, claim), "between us");
  assert.equal(await anna.reads(sealed, { ...claim, own: true }), "between us");
  assert.equal(await cleo.reads(sealed, claim), "[wrong-recipient]");
  assert.equal(await anna.codec.seal({ kind: 1, object: new Uint8Array() }, "nobody"), "no-recipient");
});

test("what is sealed at once is ready in the order in which it was said", async () => {
  const [anna] = (await talk("anna", "ben")) as [Talker];
  const { groupId, epoch, members } = anna.group;
  const sign = async (message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> => {
    if (begun++ === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return await anna.group.sign(message);
  };
  let begun = 0;
  await anna.codec.install({ groupId, epoch: epoch + 1n, members, dataKey: new Uint8Array(32) }, 0, sign);
  const ready: string[] = [];
  await Promise.all(["one", "two"].map(async (text) => ready.push((await anna.says(text), text))));
  assert.deepEqual(ready, ["one", "two"]);
});

test("one who comes later has no key of what was said before", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  const { sealed, claim } = await anna.says("before");
  const cleo = await Talker.named("cleo");
  await changed(anna, [anna, ben], {}, [cleo]);
  assert.equal(await cleo.reads(sealed, claim), "[no-key]");
  assert.equal(await ben.reads(sealed, claim), "before");
});

test("one who was removed seals nothing more and reads nothing of what follows", async () => {
  const [anna, ben, cleo] = (await talk("anna", "ben", "cleo")) as [Talker, Talker, Talker];
  await changed(anna, [anna, ben, cleo], { remove: [2] }, []);
  const { sealed, claim } = await anna.says("after");
  assert.equal(await ben.reads(sealed, claim), "after");
  assert.equal(await cleo.reads(sealed, claim), "[future-epoch]");
  assert.equal(await cleo.codec.seal({ kind: 1, object: new Uint8Array() }, ""), "no-key");
});

test("a line of the next epoch waits for it", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  const { message } = await anna.group.commit({});
  await anna.process(message);
  const { sealed, claim } = await anna.says("soon");
  assert.equal(await ben.reads(sealed, claim), "[future-epoch]");
  await ben.process(message);
  assert.equal(await ben.reads(sealed, claim), "soon");
});

test("who loads the page anew reads what was said before, private lines too, and changes their own", async () => {
  const [anna, ben, cleo] = (await talk("anna", "ben", "cleo")) as [Talker, Talker, Talker];
  const said = [await anna.says("to all"), await anna.says("to ben", "ben"), await ben.says("to anna", "anna")];
  const again = await anna.again("anna-2");
  await changed(ben, [ben, cleo], { remove: [0] }, [again]);
  const own = [true, true, false];
  const read = await Promise.all(said.map(({ sealed, claim }, at) => again.reads(sealed, { ...claim, own: own[at] === true })));
  assert.deepEqual(read, ["to all", "to ben", "to anna"]);
  // The appliance goes on naming the author as they were when they first said it.
  const first = said[1]?.claim;
  assert.ok(first);
  const change = await again.says("to ben, changed", "ben", { id: first.id, revision: 2 });
  assert.equal(await ben.reads(change.sealed, { ...change.claim, senderId: "anna" }), "to ben, changed");
  // And a change of Ben's goes to whom the line went, who is called otherwise now.
  const back = await ben.says("to anna, changed", "anna", { id: said[2]?.claim.id ?? "", revision: 2 });
  assert.equal(await again.reads(back.sealed, back.claim), "to anna, changed");
});

test("a page that reads an old epoch from the vault seals nothing in it", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  await anna.says("before");
  const again = await anna.again("anna-2");
  await again.offers();
  assert.equal(await again.codec.seal({ kind: 1, object: new Uint8Array() }, ""), "no-key");
  await changed(ben, [ben], { remove: [0] }, [again]);
  const { sealed } = await again.says("after");
  const old = await anna.says("still open elsewhere");
  assert.notDeepEqual(sealed.subarray(0, 60), old.sealed.subarray(0, 60));
});

test("whoever leaves for good reads nothing of it again", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  const { sealed, claim } = await anna.says("before");
  await ben.codec.forget();
  assert.equal((await ben.store.keys(MEETING)).size, 0);
  assert.equal(await ben.reads(sealed, claim), "[other-group]");
  const again = await ben.again("ben-2");
  await changed(anna, [anna], { remove: [1] }, [again]);
  assert.equal(await again.reads(sealed, claim), "[no-key]");
});
