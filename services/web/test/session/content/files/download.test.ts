import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import type { Bytes } from "../../../../src/crypto/bytes.ts";
import { FileDamaged } from "../../../../src/crypto/files/open.ts";
import { SharedFileSchema } from "../../../../src/gen/conclave/v1/content_pb.js";
import { Download } from "../../../../src/session/content/files/download.ts";
import { Downloads } from "../../../../src/session/content/files/downloads.ts";
import { MemoryPlace, MOST_IN_MEMORY, NoRoom } from "../../../../src/session/content/files/place.ts";
import { sharedFileFrom, type SharedFile } from "../../../../src/session/content/files/sharedfile.ts";
import { Upload } from "../../../../src/session/content/files/upload.ts";
import { settled } from "../../../protocol/simulated.ts";
import { FileHouse, fileOf, KeptPlace, MIB, plainOf } from "./house.ts";

const SIZE = 3 * MIB + 5;

async function sharedIn(house: FileHouse, plain: Bytes): Promise<SharedFile> {
  const upload = new Upload(fileOf(plain), undefined, house.surroundings);
  upload.start();
  await house.until(() => upload.state.peek().name === "done");
  const object = house.shared.at(-1);
  assert.ok(object?.content.case === "file");
  return sharedFileFrom(create(SharedFileSchema, object.content.value)) as SharedFile;
}

/** A file that was shared, and somebody who fetches it. */
async function sharedFile(size = SIZE) {
  const house = new FileHouse();
  const plain = plainOf(size);
  const file = await sharedIn(house, plain);
  const place = new KeptPlace();
  return { house, plain, file, place, download: downloadOf(file, house, place) };
}

function downloadOf(file: SharedFile, house: FileHouse, place = new KeptPlace()): Download {
  const { request, clock } = house;
  return new Download(file, { request, clock, transport: house }, () => Promise.resolve(place));
}

const is = (download: Download, name: string) => (): boolean => download.state.peek().name === name;

async function isSame(download: Download, plain: Bytes): Promise<boolean> {
  const blob = download.blob.peek();
  return blob !== undefined && Buffer.from(await blob.arrayBuffer()).equals(plain);
}

async function isRefused(house: FileHouse, download: Download): Promise<void> {
  download.start();
  await house.until(() => is(download, "failed")() || is(download, "done")());
  const state = download.state.peek();
  assert.ok(state.name === "failed" && state.reason instanceof FileDamaged);
  assert.equal(download.blob.peek(), undefined);
}

for (const size of [0, 1, MIB - 56, MIB - 55, SIZE]) {
  test(`a file of ${size} octets comes as it was`, async () => {
    const { house, plain, download } = await sharedFile(size);
    download.start();
    await house.until(is(download, "done"));
    assert.ok(await isSame(download, plain));
    assert.equal(download.progress.peek(), 1);
  });
}

test("after a lost connection only what is missing is fetched", async () => {
  const { house, plain, download } = await sharedFile();
  house.loseAfter = 2.5 * MIB;
  download.start();
  await house.until(is(download, "done"));
  assert.deepEqual(house.readFrom, [0, 2 * MIB]);
  assert.ok(await isSame(download, plain));
});

test("one that is stopped when all has come reads nothing again", async () => {
  const { house, plain, place, download } = await sharedFile();
  place.finishing = () => download.pause();
  download.start();
  await house.until(is(download, "paused"));
  place.finishing = () => undefined;
  download.start();
  await house.until(() => is(download, "done")() || is(download, "failed")());
  assert.ok(await isSame(download, plain));
  assert.deepEqual(house.readFrom, [0]);
});

test("a pause stops it, and going on fetches what is missing", async () => {
  const { house, plain, place, download } = await sharedFile();
  place.written = ({ pieces }) => pieces.length === 2 && download.pause();
  download.start();
  await house.until(is(download, "paused"));
  await house.clock.advance(60_000);
  assert.equal(place.pieces.length, 2);
  download.start();
  await house.until(is(download, "done"));
  assert.deepEqual(house.readFrom, [0, 2 * MIB]);
  assert.ok(await isSame(download, plain));
});

const ATTACKS: Readonly<Record<string, (...parts: [Bytes, Bytes, Bytes, Bytes]) => Bytes[]>> = {
  "a flipped bit": (first, second, ...rest) => [first, second.with(5, (second[5] ?? 0) ^ 1), ...rest],
  "two segments that changed places": (first, second, third, rest) => [first, third, second, rest],
  "a file that is cut off at a segment's end": (first, second) => [first, second],
  "octets after the end": (...parts) => [...parts, new Uint8Array(1)],
};
for (const [name, attack] of Object.entries(ATTACKS)) {
  test(`refused, and nothing of it offered: ${name}`, async () => {
    const { house, file, download } = await sharedFile();
    const kept = house.files.get(file.id);
    assert.equal(kept?.parts.length, 4);
    if (kept !== undefined) kept.parts = attack(...(kept.parts as [Bytes, Bytes, Bytes, Bytes]));
    await isRefused(house, download);
  });
}

test("octets after the end are refused though the appliance tells the right size", async () => {
  const { house, download } = await sharedFile();
  const read = house.read.bind(house);
  house.read = async function* (...asked) {
    yield* read(...asked);
    yield new Uint8Array(1);
  };
  await isRefused(house, download);
});

test("another file of the same size under the id is refused", async () => {
  const { house, plain, file, download } = await sharedFile();
  const other = await sharedIn(house, plain.slice().reverse());
  house.copy(other.id, file.id);
  await isRefused(house, download);
});

test("the same file under another id is refused", async () => {
  const { house, file } = await sharedFile();
  const renamed = { ...file, id: "abcdefgh22223333" };
  house.copy(file.id, renamed.id);
  await isRefused(house, downloadOf(renamed, house));
});

test("a size that is not the file's is refused", async () => {
  const { house, file } = await sharedFile();
  for (const size of [0, SIZE - 1, SIZE + 1, 2 ** 40]) await isRefused(house, downloadOf({ ...file, size }, house));
});

test("what is cancelled is deleted from the device", async () => {
  const { house, place, download } = await sharedFile();
  place.written = () => download.cancel();
  download.start();
  await house.until(is(download, "cancelled"));
  await settled();
  assert.ok(place.discarded);
  assert.equal(download.blob.peek(), undefined);
});

test("a page takes into its memory no more than it can hold", () => {
  assert.throws(() => new MemoryPlace(MOST_IN_MEMORY + 1), NoRoom);
});

async function saving() {
  const { house, plain, file } = await sharedFile();
  const places: KeptPlace[] = [];
  const saved: [Blob, string][] = [];
  const { request, clock } = house;
  const makePlace = (): Promise<KeptPlace> => {
    const place = new KeptPlace();
    places.push(place);
    return Promise.resolve(place);
  };
  const save = (blob: Blob, name: string): void => void saved.push([blob, name]);
  const told: string[] = [];
  const downloads = new Downloads({ request, clock, transport: house, makePlace, save }, ({ kind }) => void told.push(kind));
  return { house, plain, file, places, saved, told, downloads };
}

test("a file is saved under its name once, and goes from the device when the browser has had its time", async () => {
  const { house, file, places, saved, told, downloads } = await saving();
  downloads.fetch(file);
  downloads.fetch(file);
  await house.until(() => saved.length > 0);
  assert.deepEqual([saved.length, saved[0]?.[1], saved[0]?.[0].size], [1, "pack.pdf", SIZE]);
  assert.deepEqual(told, ["received"]);
  assert.equal(downloads.underWay.peek().size, 0);
  assert.equal(places[0]?.discarded, false);
  await house.clock.advance(60_000);
  assert.equal(places[0]?.discarded, true);
});

test("a damaged file is not saved, leaves nothing, and stays to be read about", async () => {
  const { house, file, places, saved, downloads } = await saving();
  house.files.get(file.id)?.parts[1]?.fill(0, 500, 600);
  downloads.fetch(file);
  await house.until(() => downloads.underWay.peek().get(file.id)?.state.peek().name === "failed");
  assert.equal(saved.length, 0);
  assert.equal(places[0]?.discarded, true);
});

test("whoever leaves keeps nothing that was not saved", async () => {
  const { house, file, places, downloads } = await saving();
  downloads.fetch(file);
  await house.until(() => (places[0]?.pieces.length ?? 0) > 0);
  downloads.close();
  await settled();
  assert.equal(places[0]?.discarded, true);
  assert.equal(downloads.underWay.peek().size, 0);
});
