import assert from "node:assert/strict";
import { test } from "node:test";

import { MOST_IN_MEMORY, NoRoom } from "../../../../src/session/content/files/place.ts";
import { PrivateFiles } from "../../../../src/session/content/files/privatefiles.ts";
import { LockingBrowser, locksRefusedOnce } from "../../../locks.ts";
import { PrivateDisk } from "./privatedisk.ts";

const OCTETS = Uint8Array.of(1, 2, 3);

class Browser {
  readonly disk = new PrivateDisk();
  readonly #locks = new LockingBrowser();

  /** The files of one page; gone: resolves when it ends. */
  page(gone?: Promise<void>): PrivateFiles {
    return new PrivateFiles({ root: this.disk.root, locks: this.#locks.page(gone) });
  }
}

test("what is written is there until it is discarded", async () => {
  const browser = new Browser();
  const place = await browser.page().make(OCTETS.length);
  await place.write(OCTETS);
  assert.deepEqual(new Uint8Array(await (await place.finish()).arrayBuffer()), OCTETS);
  assert.equal(browser.disk.files.length, 1);
  await place.discard();
  assert.deepEqual(browser.disk.files, []);
});

test("what a page that is gone has left behind is swept, finished or not", async () => {
  const browser = new Browser();
  let close = (): void => undefined;
  const closed = browser.page(new Promise((resolve) => (close = resolve)));
  const whole = await closed.make(OCTETS.length);
  await whole.write(OCTETS);
  await whole.finish();
  await (await closed.make(OCTETS.length)).write(OCTETS);
  close();
  await browser.page().sweep();
  assert.deepEqual(browser.disk.files, []);
});

test("nobody sweeps what a page that is open has, be it another page or the same", async () => {
  const browser = new Browser();
  const [open, other] = [browser.page(), browser.page()];
  const place = await open.make(OCTETS.length);
  await place.write(OCTETS);
  await other.sweep();
  await open.sweep();
  assert.equal((await place.finish()).size, OCTETS.length);
  assert.equal(browser.disk.files.length, 1);
});

test("a sweep takes what can be taken, and leaves the rest", async () => {
  const browser = new Browser();
  let close = (): void => undefined;
  const closed = browser.page(new Promise((resolve) => (close = resolve)));
  const open = browser.page();
  for (const page of [closed, open, closed]) await page.make(OCTETS.length);
  assert.equal(browser.disk.files.length, 3);
  close();
  await browser.page().sweep();
  assert.equal(browser.disk.files.length, 1);
});

test("a file that the disk has no room for is refused, and nothing of it stays", async () => {
  const browser = new Browser();
  browser.disk.room = 4;
  const place = await browser.page().make(6);
  await place.write(OCTETS);
  await assert.rejects(place.write(OCTETS), NoRoom);
  await place.discard();
  assert.deepEqual(browser.disk.files, []);
});

test("where the browser gives no files, memory has to do, up to a size; and there is nothing to sweep", async () => {
  const browser = new Browser();
  browser.disk.isRefused = true;
  const page = browser.page();
  await page.sweep();
  const place = await page.make(OCTETS.length);
  await place.write(OCTETS);
  assert.equal((await place.finish()).size, OCTETS.length);
  await assert.rejects(page.make(MOST_IN_MEMORY + 1), NoRoom);
});

test("a page that was refused its lock once has memory for that file, and the disk for the next", async () => {
  const disk = new PrivateDisk();
  const page = new PrivateFiles({ root: disk.root, locks: locksRefusedOnce(new LockingBrowser().page()) });
  await page.make(OCTETS.length);
  assert.deepEqual(disk.files, []);
  await page.make(OCTETS.length);
  assert.equal(disk.files.length, 1);
});
