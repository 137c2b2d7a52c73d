import assert from "node:assert/strict";
import { test } from "node:test";

import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";

import {
  ContentDeletion,
  ContentKind,
  ContentRecordSchema,
  ContentObjectSchema,
  type ContentRecord,
} from "../../../src/gen/conclave/v1/content_pb.js";
import { ErrorCode, ServerMessageSchema } from "../../../src/gen/conclave/v1/signalling_pb.js";
import { ConnectionLost, SignallingError } from "../../../src/protocol/errors.ts";
import { ContentChannel } from "../../../src/session/content/channel.ts";
import { countedVotes, isQuestion, resultOf, uncountedVotes, type Poll, type Vote } from "../../../src/session/content/pollbook.ts";
import { Seal } from "../../../src/session/content/seal.ts";
import { Polls } from "../../../src/session/content/polls.ts";
import { settled, SimulatedClock } from "../../protocol/simulated.ts";
import { askedBy } from "./asked.ts";
import { KEY, page, SENT } from "./chatting.ts";
import { managedSeal, TestedProtection } from "./protections.ts";

const ASKED = { question: "Shall we sign?", options: ["Yes", "No", "Later"], multiple: false };

function recordOf(
  sequence: number,
  content: MessageInitShape<typeof ContentObjectSchema>["content"],
  more: MessageInitShape<typeof ContentRecordSchema>,
): ContentRecord {
  return create(ContentRecordSchema, {
    sequence: BigInt(sequence),
    firstSequence: BigInt(sequence),
    revision: 1,
    senderParticipantId: "ada",
    senderDisplayName: "Ada",
    ...(content === undefined ? {} : { body: { case: "clear", value: { content } } }),
    ...more,
  });
}

const pollRecord = (sequence: number, more: MessageInitShape<typeof ContentRecordSchema> = {}, asked = ASKED): ContentRecord =>
  recordOf(sequence, { case: "poll", value: asked }, { id: "poll", kind: ContentKind.POLL, firstSequence: 1n, ...more });

function voteRecord(sequence: number, who: string, option: string, more: MessageInitShape<typeof ContentRecordSchema> = {}) {
  const value = { question: ASKED.question, options: [option] };
  const about = { id: `vote-${who}`, kind: ContentKind.POLL_VOTE, parentId: "poll", senderParticipantId: who, senderDisplayName: who };
  return recordOf(sequence, { case: "pollVote", value }, { ...about, ...more });
}

async function pollsWith(history: ContentRecord[] = [], seal = managedSeal()) {
  const { request, asked, take } = askedBy();
  const channel = new ContentChannel(request, new SimulatedClock(), seal);
  const polls = new Polls(channel);
  void channel.entered(KEY);
  await take("readContent").answer(page(history));
  const added = async (...records: ContentRecord[]): Promise<void> => {
    for (const record of records) {
      channel.event(create(ServerMessageSchema, { body: { case: "contentAdded", value: { record } } }).body);
      await settled();
    }
  };
  return { channel, polls, asked, take, added };
}

const numbers = (polls: Polls): number[] => {
  const [poll] = polls.all.value;
  return poll === undefined ? [] : resultOf(poll, polls.votes.value).map(({ voters }) => voters.length);
};

test("votes are counted as they come, change, and are read again", async () => {
  const { polls, added } = await pollsWith([pollRecord(1), voteRecord(2, "Bob", "Yes")]);
  assert.deepEqual(numbers(polls), [1, 0, 0]);
  await added(voteRecord(3, "Cyd", "Yes"), voteRecord(4, "Bob", "No", { revision: 2, firstSequence: 2n }));
  assert.deepEqual(numbers(polls), [1, 1, 0]);
  // An older state that comes late does not undo the change.
  await added(voteRecord(2, "Bob", "Yes"));
  assert.deepEqual(numbers(polls), [1, 1, 0]);
});

test("a closed poll counts what was chosen before, and nothing after", async () => {
  const { polls, added } = await pollsWith([pollRecord(1), voteRecord(2, "Bob", "Yes")]);
  await added(pollRecord(3, { revision: 2, closed: true }), voteRecord(4, "Cyd", "Yes"));
  await added(voteRecord(5, "Bob", "No", { revision: 2 }));
  assert.deepEqual(numbers(polls), [0, 0, 0]);
  assert.equal(polls.all.value[0]?.closed, true);
});

const POLL: Poll = { ...ASKED, id: "poll", sequence: 1n, firstSequence: 1n, revision: 1, senderId: "ada", senderName: "Ada", own: false, timeMs: 0, closed: false };
const BY_BOB = { sequence: 2n, firstSequence: 2n, revision: 1, senderId: "bob", senderName: "Bob", own: false, timeMs: 0 };
const VOTE: Vote = { ...BY_BOB, id: "v", pollId: "poll", question: POLL.question, options: ["Yes"] };

test("only votes on the poll's own words count, one a person", () => {
  const wrong: Partial<Vote>[] = [
    { pollId: "other" },
    { question: "Shall we not sign?" },
    { options: [] },
    { options: ["Perhaps"] },
    { options: ["Yes", "No"] },
    { options: ["Yes", "Yes"] },
  ];
  for (const each of wrong) assert.deepEqual(countedVotes(POLL, [{ ...VOTE, ...each }]), []);
  const several = { ...POLL, multiple: true };
  assert.equal(countedVotes(several, [{ ...VOTE, options: ["Yes", "No"] }]).length, 1);
  assert.deepEqual(countedVotes(several, [{ ...VOTE, options: ["Yes", "Yes"] }]), []);
  // Somebody's second vote under another id replaces the first and is not added to it.
  const second = { ...VOTE, id: "w", sequence: 3n, options: ["No"] };
  for (const votes of [[VOTE, second], [second, VOTE]]) assert.deepEqual(countedVotes(POLL, votes), [second]);
});

test("a vote for other words than the poll has now counts no more", async () => {
  const { polls, added } = await pollsWith([pollRecord(1), voteRecord(2, "Bob", "Yes")]);
  await added(pollRecord(3, { revision: 2, closed: true }, { ...ASKED, question: "Shall we pay?" }));
  assert.deepEqual(numbers(polls), [0, 0, 0]);
});

test("shares are of those who voted", () => {
  const votes = ["Yes", "Yes", "No"].map((option, place) => ({ ...VOTE, id: `v${place}`, senderId: `p${place}`, options: [option] }));
  assert.deepEqual(resultOf(POLL, votes).map(({ percent }) => percent), [67, 33, 0]);
  assert.deepEqual(resultOf(POLL, []).map(({ percent }) => percent), [0, 0, 0]);
});

test("what makes no sense as a poll is none", async () => {
  for (const wrong of [{ question: "" }, { options: ["Yes"] }, { options: ["Yes", "Yes"] }, { options: ["Yes", ""] }, { question: "x".repeat(301) }]) {
    assert.equal(isQuestion({ ...ASKED, ...wrong }), false);
  }
  const { polls } = await pollsWith([pollRecord(1, {}, { ...ASKED, options: ["Yes"] })]);
  assert.deepEqual(polls.all.value, []);
});

test("a poll is asked with what was filled in, and again under the same id after a loss", async () => {
  const { polls, take, asked } = await pollsWith();
  polls.write();
  const change = (changed: object): void => {
    assert.ok(polls.draft.value !== undefined);
    polls.draft.value = { ...polls.draft.value, ...changed };
  };
  assert.equal(polls.ready.value, undefined);
  change({ question: " Why? ", options: ["a", " ", "e\u0301 "], multiple: true });
  void polls.ask();
  await settled();
  const lost = take("sendContent");
  await lost.fail(new ConnectionLost());
  assert.ok(polls.problem.value?.pollId === polls.draft.value?.id && polls.draft.value !== undefined);
  void polls.ask();
  await settled();
  const again = take("sendContent");
  assert.deepEqual(again.body, lost.body);
  assert.ok(again.body.case === "sendContent" && again.body.value.body?.case === "clear");
  const sent = again.body.value.body.value.content;
  assert.ok(sent?.case === "poll");
  assert.deepEqual([sent.value.question, sent.value.options, sent.value.multiple], ["Why?", ["a", "\u00e9"], true]);
  // What is on its way is not asked twice.
  void polls.ask();
  await settled();
  assert.equal(asked.length, 0);
  assert.ok(polls.draft.value !== undefined);
  await again.answer(SENT);
  assert.deepEqual([polls.draft.value, polls.problem.value], [undefined, undefined]);
});

test("a first vote is new, a change the next revision, and both name their poll", async () => {
  const { polls, take, added } = await pollsWith([pollRecord(1)]);
  const [poll] = polls.all.value;
  assert.ok(poll !== undefined);
  const voted = polls.vote(poll, ["Yes"]);
  await settled();
  const first = take("sendContent");
  assert.ok(first.body.case === "sendContent");
  assert.deepEqual([first.body.value.revision, first.body.value.parentId], [1, "poll"]);
  await first.answer(SENT);
  assert.equal(await voted, true);
  await added(voteRecord(2, "me", "Yes", { own: true }));
  const changed = polls.vote(poll, ["No"]);
  await settled();
  const second = take("sendContent");
  assert.ok(second.body.case === "sendContent");
  assert.deepEqual([second.body.value.id, second.body.value.revision], ["vote-me", 2]);
  await second.fail(new SignallingError(ErrorCode.INVALID_REQUEST, "it is closed"));
  assert.equal(await changed, false);
  assert.equal(polls.problem.value?.pollId, "poll");
});

test("a vote waits for none in another poll, and goes out once however often it is pressed", async () => {
  const { polls, asked, take } = await pollsWith([pollRecord(1), pollRecord(2, { id: "other", firstSequence: 2n })]);
  const [poll, other] = polls.all.value;
  assert.ok(poll !== undefined && other !== undefined);
  const voted = [polls.vote(poll, ["Yes"]), polls.vote(poll, ["Yes"]), polls.vote(other, ["No"])];
  await settled();
  const sent = [take("sendContent"), take("sendContent")];
  assert.deepEqual(sent.map(({ body }) => body.case === "sendContent" && body.value.parentId), ["poll", "other"]);
  assert.deepEqual([asked.length, [...polls.busy.value]], [0, ["poll", "other"]]);
  await sent[1]?.answer(SENT);
  assert.deepEqual([...polls.busy.value], ["poll"]);
  await sent[0]?.answer(SENT);
  assert.deepEqual(await Promise.all(voted), [true, false, true]);
  assert.equal(polls.busy.value.size, 0);
});

test("closing says the same again as the last revision", async () => {
  const { polls, take } = await pollsWith([pollRecord(1, { own: true })]);
  const [poll] = polls.all.value;
  assert.ok(poll !== undefined);
  void polls.close(poll);
  await settled();
  const sent = take("sendContent");
  assert.ok(sent.body.case === "sendContent" && sent.body.value.body?.case === "clear");
  assert.deepEqual([sent.body.value.revision, sent.body.value.closed], [2, true]);
  const { content } = sent.body.value.body.value;
  assert.ok(content?.case === "poll");
  assert.deepEqual([content.value.question, content.value.options], [ASKED.question, ASKED.options]);
  assert.equal(sent.body.value.body.value.closed, true);
});

test("polls of others are news and unread until one looks; what was there on arrival is neither", async () => {
  const { polls, added } = await pollsWith([pollRecord(1)]);
  assert.deepEqual([polls.unread.value, polls.news.value], [0, undefined]);
  await added(pollRecord(2, { id: "own", firstSequence: 2n, own: true }), pollRecord(3, { id: "new", firstSequence: 3n }));
  assert.deepEqual([polls.unread.value, polls.news.value], [1, { kind: "asked", name: "Ada" }]);
  await added(pollRecord(4, { id: "new", firstSequence: 3n, revision: 2, closed: true }));
  assert.deepEqual(polls.news.value, { kind: "closed", name: "Ada" });
  polls.seen();
  assert.equal(polls.unread.value, 0);
});

test("a deleted poll goes with its votes", async () => {
  const { polls, added } = await pollsWith([pollRecord(1), voteRecord(2, "Bob", "Yes")]);
  await added(recordOf(3, undefined, { id: "poll", kind: ContentKind.POLL, deletion: ContentDeletion.BY_HOST }));
  assert.deepEqual([polls.all.value, polls.votes.value], [[], []]);
});

/** A record as it comes in an end-to-end room. */
function sealed(record: ContentRecord): ContentRecord {
  assert.ok(record.body.case === "clear");
  const object = toBinary(ContentObjectSchema, record.body.value);
  return { ...record, body: { case: "sealed", value: object.toReversed() } };
}

async function sealedPolls() {
  const protection = new TestedProtection();
  protection.ready();
  return { protection, ...(await pollsWith([], new Seal(protection))) };
}

test("in an end-to-end room a vote goes out sealed, and its poll is named beside it and claimed when it comes", async () => {
  const { polls, protection, added, take } = await sealedPolls();
  await added(sealed(pollRecord(1)), sealed(voteRecord(2, "Bob", "Yes")));
  assert.deepEqual(numbers(polls), [1, 0, 0]);
  assert.deepEqual(protection.claims.map(({ parentId, closed }) => [parentId, closed]), [["", false], ["poll", false]]);
  const [poll] = polls.all.value;
  assert.ok(poll !== undefined);
  void polls.vote(poll, ["No"]);
  await settled();
  const sent = take("sendContent");
  assert.ok(sent.body.case === "sendContent" && sent.body.value.body?.case === "sealed");
  assert.equal(sent.body.value.parentId, "poll");
});

test("votes that cannot be opened are said not to be counted, until they can", async () => {
  const { polls, protection, added } = await sealedPolls();
  await added(sealed(pollRecord(1)), sealed(voteRecord(2, "Bob", "Yes")));
  protection.refused = "future-epoch";
  const later = voteRecord(3, "Bob", "No", { revision: 2, firstSequence: 2n });
  await added(sealed(later));
  const [poll] = polls.all.value;
  assert.ok(poll !== undefined);
  // What it said before is not what it says now.
  assert.deepEqual([numbers(polls), uncountedVotes(poll, polls.unreadable.value)], [[0, 0, 0], 1]);
  protection.refused = undefined;
  protection.ready();
  await settled();
  assert.deepEqual([numbers(polls), uncountedVotes(poll, polls.unreadable.value)], [[0, 1, 0], 0]);
  protection.refused = "forged";
  await added(sealed(pollRecord(4, { id: "other", firstSequence: 4n })));
  assert.deepEqual(polls.unreadable.value.map(({ id, refusal, isEarlier }) => [id, refusal, isEarlier]), [["other", "forged", false]]);
});
