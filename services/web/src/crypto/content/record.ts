import { hex, utf8, type Bytes } from "../bytes.ts";
import type { Member } from "../member.ts";
import type { DataSecrets } from "./epoch.ts";

/** An epoch as the vault wraps it. */
interface Record {
  readonly groupId: string;
  readonly epoch: string;
  readonly dataKey: string;
  readonly members: readonly MemberRecord[];
}

type MemberRecord = Omit<Member, "identityKey" | "leafKey" | "contentKey"> &
  Readonly<globalThis.Record<"identityKey" | "leafKey" | "contentKey", string>>;

export function encodeSecrets({ groupId, epoch, dataKey, members }: DataSecrets): Bytes {
  const record: Record = {
    groupId: hex(groupId),
    epoch: String(epoch),
    dataKey: hex(dataKey),
    members: [...members.values()].map((member) => ({
      ...member,
      identityKey: hex(member.identityKey),
      leafKey: hex(member.leafKey),
      contentKey: hex(member.contentKey),
    })),
  };
  return utf8(JSON.stringify(record));
}

/** bytes: what encodeSecrets gave; they were authenticated since. */
export function decodeSecrets(bytes: Bytes): DataSecrets {
  const record = JSON.parse(new TextDecoder().decode(bytes)) as Record;
  const members = record.members.map((member): [number, Member] => [
    member.leaf,
    {
      ...member,
      identityKey: unhex(member.identityKey),
      leafKey: unhex(member.leafKey),
      contentKey: unhex(member.contentKey),
    },
  ]);
  return {
    groupId: unhex(record.groupId),
    epoch: BigInt(record.epoch),
    dataKey: unhex(record.dataKey),
    members: new Map(members),
  };
}

function unhex(text: string): Bytes {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(text.slice(2 * index, 2 * index + 2), 16));
}
