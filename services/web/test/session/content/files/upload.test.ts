import assert from "node:assert/strict";
import { test } from "node:test";

import { concatenate, type Bytes } from "../../../../src/crypto/bytes.ts";
import { HEADER_SIZE, Layout } from "../../../../src/crypto/files/layout.ts";
import { FileOpener } from "../../../../src/crypto/files/open.ts";
import { FileChanged } from "../../../../src/crypto/files/seal.ts";
import { ConnectionLost } from "../../../../src/protocol/errors.ts";
import type { Shared } from "../../../../src/session/content/channel.ts";
import { TransferLost, TransferRefused } from "../../../../src/session/content/files/transport.ts";
import { Upload } from "../../../../src/session/content/files/upload.ts";
import { FileHouse, fileOf, MIB, PART, plainOf } from "./house.ts";

const SIZE = 3 * MIB + 5;

function uploadOf(size = SIZE): { house: FileHouse; plain: Bytes; upload: Upload } {
  const house = new FileHouse();
  const plain = plainOf(size);
  return { house, plain, upload: new Upload(fileOf(plain), { id: "ben", name: "Ben" }, house.surroundings) };
}

function contentOf(object: Shared | undefined) {
  assert.ok(object?.content.case === "file");
  return object.content.value;
}

/** What whoever gets the object reads of the file. */
async function opened(house: FileHouse): Promise<Bytes> {
  const { fileId = "", contentKey = new Uint8Array(), size = 0n } = contentOf(house.shared[0]);
  const layout = new Layout(Number(size));
  const opener = new FileOpener(fileId, contentKey as Bytes, layout);
  const sealed = house.sealed(fileId);
  const segments: Bytes[] = [];
  for (let number = 0; number < layout.segments; number++) {
    const { from, to } = layout.sealedOf(number);
    segments.push(await opener.open(number, sealed.slice(from, to)));
  }
  return concatenate(...segments);
}

const is = (upload: Upload, name: string) => (): boolean => upload.state.peek().name === name;
const same = (one: Bytes | undefined, other: Bytes | undefined): boolean =>
  one !== undefined && other !== undefined && Buffer.from(one).equals(other);

test("a file goes out in parts, is shared when all are there, and opens as it was", async () => {
  const { house, plain, upload } = uploadOf();
  upload.start();
  await house.until(is(upload, "done"));
  const { fileIds, recipientId } = house.shared[0] as Shared;
  const { name, mediaType, size, fileId = "" } = contentOf(house.shared[0]);
  assert.deepEqual([name, mediaType, size, recipientId], ["pack.pdf", "application/pdf", BigInt(SIZE), "ben"]);
  assert.deepEqual(fileIds, [fileId]);
  assert.notEqual(fileId, upload.id);
  assert.equal(upload.progress.peek(), 1);
  assert.ok(same(await opened(house), plain));
  assert.ok(!Buffer.from(house.sealed(fileId)).includes(Buffer.from(plain.slice(0, 32))));
});

test("an empty file goes out too", async () => {
  const { house, upload } = uploadOf(0);
  upload.start();
  await house.until(is(upload, "done"));
  assert.equal((await opened(house)).length, 0);
});

test("after a lost connection it goes on where the appliance is, with the same octets", async () => {
  const { house, plain, upload } = uploadOf();
  const tried: number[] = [];
  house.beforePart = (number) => {
    tried.push(number);
    if (tried.length === 3) house.isOnline = false;
  };
  upload.start();
  await house.until(is(upload, "waiting"));
  await house.clock.advance(20_000);
  assert.ok(is(upload, "waiting")());
  house.isOnline = true;
  upload.connected();
  await house.until(is(upload, "done"));
  assert.deepEqual(tried, [0, 1, 2, 2, 3]);
  assert.equal(house.files.size, 1);
  assert.ok(same(await opened(house), plain));
});

test("a part that hangs on a connection that was lost is sent again when there is another", async () => {
  const { house, plain, upload } = uploadOf();
  const tried: number[] = [];
  house.beforePart = (number) => {
    tried.push(number);
    house.isDeaf = tried.length === 2;
  };
  upload.start();
  await house.until(() => tried.length === 2);
  await house.clock.advance(60_000);
  assert.deepEqual([tried, upload.state.peek().name], [[0, 1], "running"]);
  upload.connected();
  await house.until(is(upload, "done"));
  assert.deepEqual(tried, [0, 1, 1, 2, 3]);
  assert.ok(same(await opened(house), plain));
});

test("a part whose answer was lost is not sent again", async () => {
  const { house, plain, upload } = uploadOf();
  const put = house.put.bind(house);
  const sent: number[] = [];
  house.put = async (part, stop) => {
    sent.push(part.number);
    await put(part, stop);
    if (sent.length === 2) throw new TransferLost();
  };
  upload.start();
  await house.until(is(upload, "done"));
  assert.deepEqual(sent, [0, 1, 2, 3]);
  assert.ok(same(await opened(house), plain));
});

test("an object whose answer was lost is shared again, and no part is sent again", async () => {
  const { house, plain, upload } = uploadOf();
  const tried: number[] = [];
  let answers = 0;
  house.beforePart = (number) => void tried.push(number);
  house.afterShare = () => {
    answers += 1;
    if (answers === 1) throw new ConnectionLost();
  };
  upload.start();
  await house.until(() => is(upload, "done")() || is(upload, "failed")());
  assert.ok(is(upload, "done")());
  assert.deepEqual([tried, answers, house.shared.length], [[0, 1, 2, 3], 2, 1]);
  assert.ok(same(await opened(house), plain));
});

test("an appliance that has forgotten the file before it is shared gets all of it again, the same octets", async () => {
  const { house, plain, upload } = uploadOf();
  let first: Bytes | undefined;
  let tries = 0;
  house.beforeShare = () => {
    const [fileId = ""] = house.files.keys();
    first ??= house.sealed(fileId);
    if (tries === 0) house.files.clear();
    tries += 1;
  };
  upload.start();
  await house.until(is(upload, "done"));
  assert.equal(tries, 2);
  assert.ok(same(first, house.sealed(contentOf(house.shared[0]).fileId ?? "")));
  assert.ok(same(await opened(house), plain));
});

test("an appliance that has forgotten parts gets the same octets again", async () => {
  const { house, plain, upload } = uploadOf();
  let first: Bytes[] | undefined;
  house.beforePart = (number, fileId) => {
    const kept = house.files.get(fileId);
    if (number !== 3 || first !== undefined || kept === undefined) return;
    first = kept.parts;
    kept.parts = [];
    throw new TransferLost();
  };
  upload.start();
  await house.until(is(upload, "done"));
  const [kept] = [...house.files.values()];
  assert.equal(first?.length, 3);
  assert.ok(first?.every((part, number) => same(part, kept?.parts[number])));
  assert.ok(same(await opened(house), plain));
});

test("parts that were swapped on the appliance are not built on: another id, key and salt", async () => {
  const { house, plain, upload } = uploadOf();
  const ids: string[] = [];
  let header: Bytes | undefined;
  house.beforePart = (number, fileId) => {
    if (!ids.includes(fileId)) ids.push(fileId);
    const kept = house.files.get(fileId);
    if (number !== 2 || header !== undefined) return;
    header = kept?.parts[0]?.slice(0, HEADER_SIZE);
    kept?.parts.reverse();
    throw new TransferLost();
  };
  upload.start();
  await house.until(is(upload, "done"));
  assert.equal(ids.length, 2);
  assert.deepEqual(house.cancelled, [ids[0]]);
  assert.notDeepEqual(house.sealed(ids[1] ?? "").slice(0, HEADER_SIZE), header);
  assert.ok(same(await opened(house), plain));
});

test("an appliance that says it has more than was sent is not believed", async () => {
  const { house, plain, upload } = uploadOf();
  let planted: string | undefined;
  house.beforeBegin = (fileId) => {
    if (planted !== undefined) return;
    planted = fileId;
    house.files.set(fileId, { size: 0, parts: [new Uint8Array(PART)], token: 0 });
  };
  upload.start();
  await house.until(is(upload, "done"));
  assert.deepEqual(house.cancelled, [planted]);
  assert.ok(same(await opened(house), plain));
});

test("an appliance that never agrees is given up", async () => {
  const { house, upload } = uploadOf();
  house.beforePart = (_number, fileId) => void house.files.delete(fileId);
  upload.start();
  await house.until(is(upload, "failed"));
  assert.equal(house.shared.length, 0);
});

test("a file that changes while it is sent fails and says so; sent again, it has another id, key and salt", async () => {
  const { house, plain, upload } = uploadOf();
  const ids = new Set<string>();
  let changed = false;
  house.beforePart = (number, fileId) => {
    ids.add(fileId);
    if (number !== 1 || changed) return;
    changed = true;
    plain[1.5 * MIB] = (plain[1.5 * MIB] ?? 0) ^ 1;
    throw new TransferLost();
  };
  upload.start();
  await house.until(is(upload, "failed"));
  const state = upload.state.peek();
  assert.ok(state.name === "failed" && state.reason instanceof FileChanged);
  assert.equal(house.shared.length, 0);
  upload.start();
  await house.until(is(upload, "done"));
  assert.equal(ids.size, 2);
  assert.ok(same(await opened(house), plain));
});

test("a pause stops it, and going on takes up where it was", async () => {
  const { house, plain, upload } = uploadOf();
  const tried: number[] = [];
  house.beforePart = (number) => {
    tried.push(number);
    if (tried.length === 2) upload.pause();
  };
  upload.start();
  await house.until(is(upload, "paused"));
  await house.clock.advance(60_000);
  assert.deepEqual(tried, [0, 1]);
  assert.equal(upload.progress.peek(), PART / new Layout(SIZE).sealedSize);
  upload.start();
  await house.until(is(upload, "done"));
  assert.deepEqual(tried, [0, 1, 1, 2, 3]);
  assert.ok(same(await opened(house), plain));
});

test("what is cancelled is deleted and never shared", async () => {
  const { house, upload } = uploadOf();
  house.beforePart = (number) => number === 1 && upload.cancel();
  upload.start();
  await house.until(is(upload, "cancelled"));
  await house.clock.advance(60_000);
  assert.equal(house.files.size, 0);
  assert.equal(house.shared.length, 0);
});

test("what the appliance refuses fails with its reason, and can be tried again", async () => {
  const { house, upload } = uploadOf();
  house.beforePart = () => {
    throw new TransferRefused(507, "the disk is full");
  };
  upload.start();
  await house.until(is(upload, "failed"));
  const state = upload.state.peek();
  assert.ok(state.name === "failed" && state.reason.message === "the disk is full");
  house.beforePart = () => undefined;
  upload.start();
  await house.until(is(upload, "done"));
});
