import { signal } from "@preact/signals";

import type { Bytes } from "../../crypto/bytes.ts";
import { pairFingerprint } from "../../crypto/identity/fingerprint.ts";
import { Pins, type Standing } from "../../crypto/identity/pins.ts";
import type { Member } from "../../crypto/member.ts";

/** How well the people of a meeting are known in this browser. */
export class Acquaintances {
  /** By participant id. */
  readonly standings = signal<ReadonlyMap<string, Standing>>(new Map());
  readonly #pins: Pins;
  readonly #ownKey: Bytes;

  constructor(pins: Pins, ownKey: Bytes) {
    this.#pins = pins;
    this.#ownKey = ownKey;
  }

  async meet(members: readonly Member[]): Promise<void> {
    const met = members.map(async (member) => [member.participantId, await this.#pins.meet(member)] as const);
    this.standings.value = new Map(await Promise.all(met));
  }

  /** The 45 digits to compare with somebody, in blocks of five. */
  async fingerprint(member: Member): Promise<string[]> {
    return await pairFingerprint(this.#ownKey, member.identityKey);
  }

  /** The digits were compared, and are the same. */
  async verify(member: Member): Promise<void> {
    await this.#pins.verify(member);
    this.standings.value = new Map([...this.standings.peek(), [member.participantId, "verified"]]);
  }
}
