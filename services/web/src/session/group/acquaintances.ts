import { signal } from "@preact/signals";

import { hex, type Bytes } from "../../crypto/bytes.ts";
import { pairFingerprint } from "../../crypto/identity/fingerprint.ts";
import { Pins, type Standing } from "../../crypto/identity/pins.ts";
import type { Member } from "../../crypto/member.ts";

/** How well the people of a meeting are known in this browser. */
export class Acquaintances {
  /** By participant id. */
  readonly standings = signal<ReadonlyMap<string, Standing>>(new Map());
  readonly #pins: Pins;
  readonly #ownKey: Bytes;
  /** By participant and key: every epoch brings everybody again, and what the browser remembers is asked for once. */
  readonly #met = new Map<string, Promise<Standing>>();

  constructor(pins: Pins, ownKey: Bytes) {
    this.#pins = pins;
    this.#ownKey = ownKey;
  }

  async meet(members: readonly Member[]): Promise<void> {
    const met = members.map(async (member) => [member.participantId, await this.#meet(member)] as const);
    this.standings.value = new Map(await Promise.all(met));
  }

  /** The 45 digits to compare with somebody, in blocks of five. */
  async fingerprint(member: Member): Promise<string[]> {
    return await pairFingerprint(this.#ownKey, member.identityKey);
  }

  /** The digits were compared, and are the same. */
  async verify(member: Member): Promise<void> {
    await this.#pins.verify(member);
    this.#met.set(nameOf(member), Promise.resolve("verified"));
    this.standings.value = new Map([...this.standings.peek(), [member.participantId, "verified"]]);
  }

  async #meet(member: Member): Promise<Standing> {
    const name = nameOf(member);
    let standing = this.#met.get(name);
    if (standing === undefined) {
      this.#met.set(name, (standing = this.#pins.meet(member)));
      standing.catch(() => this.#met.delete(name));
    }
    return await standing;
  }
}

function nameOf({ participantId, identityKey }: Member): string {
  return `${participantId} ${hex(identityKey)}`;
}
