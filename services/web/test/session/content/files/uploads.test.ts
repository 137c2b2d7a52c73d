import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_FILE, MOST_AT_ONCE, Uploads } from "../../../../src/session/content/files/uploads.ts";
import { TransferLost } from "../../../../src/session/content/files/transport.ts";
import { settled } from "../../../protocol/simulated.ts";
import { FileHouse, fileOf } from "./house.ts";

const unheard = (): void => undefined;
const small = (name: string): File => fileOf(new Uint8Array(10), name);
const statesOf = (uploads: Uploads): string[] => uploads.list.peek().map((each) => each.state.peek().name);

test("a few are sent at once, the others wait for their turn", async () => {
  const house = new FileHouse();
  const uploads = new Uploads(house.surroundings, unheard);
  house.beforePart = () => {
    throw new TransferLost();
  };
  const names = Array.from({ length: MOST_AT_ONCE + 2 }, (_, number) => `${number}.txt`);
  uploads.add(names.map(small), undefined);
  await house.until(() => statesOf(uploads).filter((each) => each === "waiting").length === MOST_AT_ONCE);
  uploads.list.peek()[0]?.pause();
  await settled();
  assert.equal(statesOf(uploads).filter((each) => each === "queued").length, 2);
  uploads.list.peek()[1]?.cancel();
  assert.equal(statesOf(uploads).filter((each) => each === "queued").length, 1);
  house.beforePart = () => undefined;
  uploads.connected();
  await house.until(() => statesOf(uploads).join() === "paused");
  assert.equal(house.shared.length, MOST_AT_ONCE);
});

test("a file that is too large is not sent, and said to be", () => {
  const uploads = new Uploads(new FileHouse().surroundings, unheard);
  const large = Object.defineProperty(small("large.iso"), "size", { value: MAX_FILE + 1 });
  uploads.add([large], undefined);
  assert.equal(uploads.list.peek().length, 0);
  const [told] = uploads.unsent.peek();
  assert.deepEqual([told?.name, told?.why], ["large.iso", "tooLarge"]);
  uploads.dismiss(told?.id ?? "");
  assert.equal(uploads.unsent.peek().length, 0);
});

test("after a reload the page tells what did not get there, until it is chosen again", async () => {
  const kept = new Map<string, string>();
  const sessionStorage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
  Object.assign(globalThis, { sessionStorage });
  try {
    const house = new FileHouse();
    house.isOnline = false;
    new Uploads(house.surroundings, unheard).add([small("one.txt"), small("two.txt")], undefined);
    const after = new FileHouse();
    const uploads = new Uploads(after.surroundings, unheard);
    const told = (): string[] => uploads.unsent.peek().map((each) => `${each.name} ${each.why}`);
    assert.deepEqual(told(), ["one.txt interrupted", "two.txt interrupted"]);
    uploads.add([small("two.txt")], undefined);
    assert.deepEqual(told(), ["one.txt interrupted"]);
    await after.until(() => uploads.list.peek().length === 0);
    uploads.close();
    assert.equal(kept.size, 0);
  } finally {
    Reflect.deleteProperty(globalThis, "sessionStorage");
  }
});
