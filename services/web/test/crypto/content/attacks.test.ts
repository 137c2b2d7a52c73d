import assert from "node:assert/strict";
import { test } from "node:test";

import { concatenate, type Bytes } from "../../../src/crypto/bytes.ts";
import type { Claim } from "../../../src/crypto/content/codec.ts";
import { encodeEnvelope, metadataOf, parseEnvelope } from "../../../src/crypto/content/envelope.ts";
import { DataEpoch } from "../../../src/crypto/content/epoch.ts";
import { sealPrivate } from "../../../src/crypto/content/private.ts";
import { Form, Sealer } from "../../../src/crypto/content/seal.ts";
import { encodeStatement, signedBytes } from "../../../src/crypto/content/statement.ts";
import { Counters } from "../../../src/crypto/keys/counters.ts";
import { Context, encodeKid } from "../../../src/crypto/keys/kid.ts";
import { seal } from "../../../src/crypto/sframe/ciphertext.ts";
import { ContentKind } from "../../../src/gen/conclave/v1/content_pb.js";
import { changed, claimOf, objectOf, talk, Talker } from "./talkers.ts";

/** A member whose client keeps to no rule: it has the group's data key and its own leaf's signature. */
class Mallory {
  readonly talker: Talker;
  readonly epoch: DataEpoch;
  #counter = 1_000n;

  private constructor(talker: Talker, epoch: DataEpoch) {
    this.talker = talker;
    this.epoch = epoch;
  }

  /** At the next epoch, which everybody enters. */
  static async among(there: readonly Talker[], talker: Talker): Promise<Mallory> {
    const { message } = await talker.group.commit({});
    for (const each of there) if (each !== talker) await each.process(message);
    await talker.group.process(message);
    const { groupId, number: epoch, members, dataKey } = await talker.group.takeSecrets();
    return new Mallory(talker, await DataEpoch.of({ groupId, epoch, members, dataKey }));
  }

  /** Signs by its own leaf what it seals under any, as anything. */
  async forge(claim: Claim, leaf: number, more: { recipientId?: string; form?: number; counter?: bigint } = {}): Promise<Bytes> {
    const { groupId, epoch } = this.epoch;
    const counter = more.counter ?? this.#counter++;
    const origin = { groupId, epoch, leaf, counter };
    const statement = encodeStatement({ recipientId: more.recipientId ?? claim.recipientId, object: objectOf("forged", claim) });
    const signature = await this.talker.group.sign(await signedBytes(origin, claim.kind, statement));
    const signed = concatenate(signature, statement);
    const form = more.form ?? (claim.recipientId === "" ? Form.EVERYBODY : Form.PRIVATE);
    const reader = this.epoch.memberOf(claim.recipientId) ?? this.epoch.members.get(0);
    const key = reader?.contentKey ?? new Uint8Array(32);
    const inner = form === Form.PRIVATE ? await sealPrivate(origin, key, key, signed) : signed;
    const kid = encodeKid(Context.CONTENT, leaf, epoch);
    const bytes = concatenate(Uint8Array.of(form), inner);
    return encodeEnvelope(origin, await seal(await this.epoch.keyOf(kid), counter, metadataOf(origin), bytes));
  }
}

async function withMallory() {
  const [anna, ben, talker] = (await talk("anna", "ben", "mallory")) as [Talker, Talker, Talker];
  return { anna, ben, mallory: await Mallory.among([anna, ben, talker], talker) };
}

test("a line with any bit flipped is refused", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  for (const recipient of ["", "ben"]) {
    const { sealed, claim } = await anna.says("hi", recipient);
    const step = recipient === "" ? 1 : 3;
    for (let bit = 0; bit < sealed.length * 8; bit += step) {
      const spoilt = sealed.slice();
      spoilt[bit >> 3] = (spoilt[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const shown = await ben.reads(spoilt, claim);
      assert.match(shown, /^\[(malformed|other-group|no-key|future-epoch|not-a-member|changed)\]$/u, `bit ${bit}`);
    }
    assert.equal(await ben.reads(sealed, claim), "hi");
  }
});

test("a line that is cut off or goes on is refused", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  const { sealed, claim } = await anna.says("hi");
  for (let size = 0; size < sealed.length; size++) {
    assert.match(await ben.reads(sealed.slice(0, size), claim), /^\[(malformed|other-group|changed)\]$/u);
  }
  assert.equal(await ben.reads(concatenate(sealed, Uint8Array.of(0)), claim), "[changed]");
});

test("a line is nothing else than what it was sealed as", async () => {
  const [anna, ben, cleo] = (await talk("anna", "ben", "cleo")) as [Talker, Talker, Talker];
  const { sealed, claim } = await anna.says("hi");
  const lies: [Partial<Claim>, string][] = [
    [{ senderId: "cleo" }, "wrong-sender"],
    [{ senderId: "somebody" }, "wrong-sender"],
    [{ own: true }, "wrong-sender"],
    [{ recipientId: "ben" }, "wrong-recipient"],
    [{ id: "another" }, "mismatch"],
    [{ revision: 2 }, "mismatch"],
    [{ kind: ContentKind.REACTION }, "mismatch"],
    [{ dataClass: 1 }, "mismatch"],
    [{ parentId: "another" }, "mismatch"],
    [{ closed: true }, "mismatch"],
  ];
  for (const [lie, reason] of lies) assert.equal(await ben.reads(sealed, { ...claim, ...lie }), `[${reason}]`);
  const secret = await anna.says("between us", "ben");
  assert.equal(await ben.reads(secret.sealed, { ...secret.claim, recipientId: "" }), "[wrong-recipient]");
  assert.equal(await ben.reads(secret.sealed, { ...secret.claim, recipientId: "cleo" }), "[wrong-recipient]");
  assert.equal(await cleo.reads(secret.sealed, { ...secret.claim, recipientId: "cleo" }), "[wrong-recipient]");
});

test("a member cannot speak as another", async () => {
  const { ben, mallory } = await withMallory();
  assert.equal(await ben.reads(await mallory.forge(claimOf("anna"), 0), claimOf("anna")), "[forged]");
  const honest = claimOf("mallory");
  assert.equal(await ben.reads(await mallory.forge(honest, 2), honest), "forged");
  assert.equal(await ben.reads(await mallory.forge(claimOf("anna"), 2), claimOf("anna")), "[wrong-sender]");
  assert.equal(await ben.reads(await mallory.forge(claimOf("anna"), 9), claimOf("anna")), "[not-a-member]");
});

test("a member cannot change what another has said, nor put an older version in the place of a newer", async () => {
  const { anna, ben, mallory } = await withMallory();
  const first = await anna.says("first");
  const second = await anna.says("second", "", { id: first.claim.id, revision: 2 });
  assert.equal(await ben.reads(second.sealed, second.claim), "second");
  assert.equal(await ben.reads(first.sealed, first.claim), "[replayed]");
  const change = claimOf("mallory", "", { id: first.claim.id, revision: 3 });
  assert.equal(await ben.reads(await mallory.forge(change, 2), change), "[wrong-sender]");
});

test("what was sealed for one is not passed off as said to all, or to somebody else", async () => {
  const { ben, mallory } = await withMallory();
  const open = claimOf("mallory");
  assert.equal(await ben.reads(await mallory.forge(open, 2, { form: Form.PRIVATE }), open), "[wrong-recipient]");
  const secret = claimOf("mallory", "ben");
  assert.equal(await ben.reads(await mallory.forge(secret, 2, { form: Form.EVERYBODY }), secret), "[wrong-recipient]");
  assert.equal(await ben.reads(await mallory.forge(secret, 2, { recipientId: "anna" }), secret), "[wrong-recipient]");
  assert.equal(await ben.reads(await mallory.forge(secret, 2, { form: 7 }), secret), "[malformed]");
});

test("one counter stands for one object", async () => {
  const { ben, mallory } = await withMallory();
  const [one, other] = [claimOf("mallory"), claimOf("mallory")];
  assert.equal(await ben.reads(await mallory.forge(one, 2, { counter: 5n }), one), "forged");
  assert.equal(await ben.reads(await mallory.forge(other, 2, { counter: 5n }), other), "[replayed]");
});

test("a sign that passes is not told a second time", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  const { sealed, claim } = await anna.says("a sign", "", { passing: true });
  assert.equal(await ben.reads(sealed, claim), "a sign");
  assert.equal(await ben.reads(sealed, claim), "[replayed]");
});

test("a sign that passes is not told after a later one of the same kind", async () => {
  const [anna, ben, cleo] = (await talk("anna", "ben", "cleo")) as [Talker, Talker, Talker];
  const passing = { passing: true };
  const [raised, lowered] = [await anna.says("raised", "", passing), await anna.says("lowered", "", passing)];
  const reaction = await anna.says("of another kind", "", { ...passing, kind: ContentKind.REACTION });
  const other = await cleo.says("of another", "", passing);
  assert.equal(await ben.reads(reaction.sealed, reaction.claim), "of another kind");
  assert.equal(await ben.reads(lowered.sealed, lowered.claim), "lowered");
  assert.equal(await ben.reads(raised.sealed, raised.claim), "[replayed]");
  assert.equal(await ben.reads(other.sealed, other.claim), "of another");
  // Nor from the epoch before, even where nothing of it has passed; counters begin anew with each.
  const held = await anna.says("held back", "", passing);
  await changed(anna, [anna, ben, cleo], {}, []);
  const next = await anna.says("next", "", passing);
  assert.equal(await ben.reads(next.sealed, next.claim), "next");
  assert.equal(await ben.reads(held.sealed, held.claim), "[replayed]");
});

test("a sign that passed is not told again to a page that was loaded anew", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  const [shown, held] = [await ben.says("shown", "", { passing: true }), await ben.says("held back", "", { passing: true })];
  const line = await ben.says("a line");
  assert.equal(await anna.reads(shown.sealed, shown.claim), "shown");
  const again = await anna.again("anna-2");
  await changed(ben, [ben], { remove: [0] }, [again]);
  for (const { sealed, claim } of [shown, held]) assert.equal(await again.reads(sealed, claim), "[replayed]");
  assert.equal(await again.reads(line.sealed, line.claim), "a line");
  const now = await ben.says("now", "", { passing: true });
  assert.equal(await again.reads(now.sealed, now.claim), "now");
});

test("a line of another group, or of a group with the same epoch, is refused", async () => {
  const [anna] = (await talk("anna", "ben")) as [Talker, Talker];
  const [, other] = (await talk("anna", "ben")) as [Talker, Talker];
  const { sealed, claim } = await anna.says("elsewhere");
  assert.equal(await other.reads(sealed, claim), "[other-group]");
  // The group's id in front of it says what the appliance likes; the ciphertext does not follow.
  const envelope = parseEnvelope(sealed);
  assert.ok(envelope);
  const moved = encodeEnvelope({ groupId: other.group.groupId, epoch: envelope.epoch }, envelope.ciphertext);
  assert.equal(await other.reads(moved, claim), "[changed]");
});

test("an epoch 256 later has the same KID, and its line is another's all the same", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  const { sealed, claim } = await anna.says("now");
  const envelope = parseEnvelope(sealed);
  assert.ok(envelope);
  const later = encodeEnvelope({ groupId: envelope.groupId, epoch: envelope.epoch + 256n }, envelope.ciphertext);
  assert.equal(await ben.reads(later, claim), "[future-epoch]");
  const { groupId } = envelope;
  await ben.codec.install(
    { groupId, epoch: envelope.epoch + 256n, members: ben.group.members, dataKey: new Uint8Array(32) },
    1,
    (message) => ben.group.sign(message),
  );
  assert.equal(await ben.reads(later, claim), "[changed]");
});

test("a private line's copy cannot be taken out and sealed again from another place", async () => {
  const { anna, ben, mallory } = await withMallory();
  const { groupId, epoch } = mallory.epoch;
  const claim = claimOf("mallory", "ben");
  const reader = mallory.epoch.memberOf("ben")?.contentKey ?? new Uint8Array();
  // A copy that Anna's client made, under a counter of Anna's, in an object of Mallory's.
  const origin = { groupId, epoch, leaf: 0, counter: 0n };
  const statement = encodeStatement({ recipientId: "ben", object: objectOf("Anna's", claim) });
  const signed = concatenate(await anna.group.sign(await signedBytes(origin, claim.kind, statement)), statement);
  const copies = await sealPrivate(origin, reader, reader, signed);
  const kid = encodeKid(Context.CONTENT, 2, epoch);
  const inner = concatenate(Uint8Array.of(Form.PRIVATE), copies);
  const own = { ...origin, leaf: 2, counter: 9n };
  const ciphertext = await seal(await mallory.epoch.keyOf(kid), 9n, metadataOf(own), inner);
  assert.equal(await ben.reads(encodeEnvelope(own, ciphertext), claim), "[wrong-recipient]");
});

test("counters that are used up seal nothing more", async () => {
  const [anna] = (await talk("anna", "ben")) as [Talker];
  const epoch = await DataEpoch.of({
    groupId: anna.group.groupId,
    epoch: anna.group.epoch,
    members: anna.group.members,
    dataKey: new Uint8Array(32),
  });
  const sealer = new Sealer(epoch, 0, (message) => anna.group.sign(message), new Counters(1));
  const sealing = { kind: 1, object: new Uint8Array() };
  await sealer.seal(sealing, undefined);
  await sealer.seal(sealing, undefined);
  await assert.rejects(sealer.seal(sealing, undefined), /no counter left/u);
});

test("somebody who comes back under another key is somebody else", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  const { claim } = await ben.says("mine");
  const impostor = await Talker.named("ben-2");
  await changed(anna, [anna, ben], {}, [impostor]);
  const { sealed } = await impostor.says("not mine", "", { id: claim.id, revision: 2 });
  assert.equal(await anna.reads(sealed, { ...claim, revision: 2 }), "[wrong-sender]");
});

test("what was shared in the meeting before is nothing in the next one", async () => {
  const [anna, ben] = (await talk("anna", "ben")) as [Talker, Talker];
  const { sealed, claim } = await anna.says("yesterday");
  await ben.offers("rooms/a/meetings/next");
  assert.equal(await ben.reads(sealed, claim), "[other-group]");
  // Its keys are gone from the vault, as the room has another meeting now.
  await ben.offers();
  assert.equal(await ben.reads(sealed, claim), "[other-group]");
});
