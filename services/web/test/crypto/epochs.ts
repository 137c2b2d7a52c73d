import type { Bytes } from "../../src/crypto/bytes.ts";
import type { EpochSecrets } from "../../src/crypto/keys/epoch.ts";
import { KeyRing } from "../../src/crypto/keys/ring.ts";
import type { Member } from "../../src/crypto/member.ts";
import { importBaseKey } from "../../src/crypto/sframe/key.ts";

export const GROUP = Uint8Array.of(1, 2, 3);

export function member(leaf: number, participantId: string): Member {
  const keys = { identityKey: new Uint8Array(32), leafKey: new Uint8Array(32), contentKey: new Uint8Array(32) };
  return { leaf, participantId, subject: "", displayName: participantId, ...keys };
}

/** An epoch as the member at `ownLeaf` sees it; people: who has which leaf. */
export async function epochOf(
  number: bigint,
  ownLeaf: number,
  people: Readonly<Record<number, string>>,
  baseKey: Bytes = new Uint8Array(32).fill(Number(number & 0xffn)),
  groupId: Bytes = GROUP,
): Promise<EpochSecrets> {
  const members = new Map(Object.entries(people).map(([leaf, id]) => [Number(leaf), member(Number(leaf), id)]));
  return { groupId, number, ownLeaf, members, baseKey: await importBaseKey(baseKey) };
}

/** The ring of the member at `ownLeaf`, at one epoch, from the time 0 on. */
export async function ringAt(
  number: bigint,
  ownLeaf: number,
  people: Readonly<Record<number, string>>,
  baseKey?: Bytes,
): Promise<KeyRing> {
  const ring = new KeyRing(GROUP);
  ring.install(await epochOf(number, ownLeaf, people, baseKey), 0);
  return ring;
}
