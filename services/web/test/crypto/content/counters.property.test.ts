import assert from "node:assert/strict";
import { test } from "node:test";

import type { Bytes } from "../../../src/crypto/bytes.ts";
import { SeededRandom } from "../random.ts";
import { hex } from "../vectors.ts";
import { changed, Talker } from "./talkers.ts";

const SEEDS = [3, 17, 4242];
const STEPS = 40;

/** Every AES-GCM encryption of the process, by key and nonce. */
class Uses {
  readonly seen = new Set<string>();
  readonly repeated: string[] = [];
  readonly #names = new WeakMap<CryptoKey, string>();
  #unnamed = 0;

  watch(): () => void {
    const { subtle } = crypto;
    const { importKey, encrypt } = subtle;
    const imported = async (format: "raw", bytes: Bytes, ...rest: [string, boolean, KeyUsage[]]): Promise<CryptoKey> => {
      const key = await importKey.call(subtle, format, bytes, ...rest);
      if (rest[0] === "AES-GCM") this.#names.set(key, hex(bytes));
      return key;
    };
    const encrypted = async (algorithm: AesGcmParams, key: CryptoKey, bytes: Bytes): Promise<ArrayBuffer> => {
      if (algorithm.name === "AES-GCM") this.#note(key, algorithm.iv as Bytes);
      return await encrypt.call(subtle, algorithm, key, bytes);
    };
    Object.assign(subtle, { importKey: imported, encrypt: encrypted });
    return () => Object.assign(subtle, { importKey, encrypt });
  }

  #note(key: CryptoKey, nonce: Bytes): void {
    const name = this.#names.get(key) ?? `made here ${this.#unnamed++}`;
    this.#names.set(key, name);
    const use = `${name} ${hex(nonce)}`;
    if (this.seen.has(use)) this.repeated.push(use);
    this.seen.add(use);
  }
}

/** A meeting whose people talk, load their pages anew, open tabs, come, go, and refresh their keys. */
class Meeting {
  readonly #random: SeededRandom;
  #people: Talker[] = [];
  /** Pages that are gone for the others, and may not know it yet. */
  readonly #gone: Talker[] = [];
  #named = 0;
  opened = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async begin(): Promise<void> {
    const founder = await Talker.named("p0");
    await founder.found();
    this.#people = [founder];
    await this.#come();
  }

  async step(): Promise<void> {
    const steps = [this.#talk, this.#talk, this.#talk, this.#talkFromBeyond, this.#come, this.#tab, this.#reload, this.#go, this.#refresh];
    await this.#random.pick(steps).call(this);
  }

  /** Several lines at once, some of them private. */
  async #talk(): Promise<void> {
    const speaker = this.#random.pick(this.#people);
    const listener = this.#random.pick(this.#people);
    const recipients = Array.from({ length: 1 + this.#random.below(4) }, () => (this.#random.below(3) === 0 ? listener.id : ""));
    const said = await Promise.all(recipients.map((recipient) => speaker.says("words", recipient)));
    for (const { sealed, claim } of said) if ((await listener.reads(sealed, claim)) === "words") this.opened++;
  }

  /** A page that was replaced, and whose person does not know: it has its epoch still, and the vault has it too. */
  async #talkFromBeyond(): Promise<void> {
    const page = this.#gone.at(-1);
    if (page !== undefined) await page.says("is anybody there?").catch(() => undefined);
  }

  async #come(): Promise<void> {
    if (this.#people.length < 5) await this.#commit([], [await Talker.named(`p${++this.#named}`)]);
  }

  async #tab(): Promise<void> {
    const person = this.#random.pick(this.#people);
    if (this.#people.length < 5) await this.#commit([], [await person.again(`p${++this.#named}`)]);
  }

  async #reload(): Promise<void> {
    if (this.#people.length < 2) return;
    const page = this.#random.pick(this.#people);
    await this.#commit([page], [await page.again(`p${++this.#named}`)]);
  }

  async #go(): Promise<void> {
    if (this.#people.length > 2) await this.#commit([this.#random.pick(this.#people)], []);
  }

  async #refresh(): Promise<void> {
    if (this.#people.length > 1) await this.#commit([], []);
  }

  async #commit(leave: readonly Talker[], come: readonly Talker[]): Promise<void> {
    const stay = this.#people.filter((each) => !leave.includes(each));
    const leaves = leave.map((each) => each.group.ownLeaf);
    await changed(this.#random.pick(stay), stay, { remove: leaves }, come);
    this.#gone.push(...leave);
    this.#people = [...stay, ...come];
  }
}

test("no key encrypts twice under one nonce, whoever loads pages anew, opens tabs, comes and goes", async () => {
  const uses = new Uses();
  const stop = uses.watch();
  try {
    for (const seed of SEEDS) {
      const meeting = new Meeting(new SeededRandom(seed));
      await meeting.begin();
      for (let step = 0; step < STEPS; step++) await meeting.step();
      assert.ok(meeting.opened > 10, `seed ${seed}: ${meeting.opened}`);
    }
  } finally {
    stop();
  }
  assert.ok(uses.seen.size > 300, String(uses.seen.size));
  assert.deepEqual(uses.repeated, []);
});
