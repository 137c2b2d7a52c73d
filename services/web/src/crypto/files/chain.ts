import { concatenate, type Bytes } from "../bytes.ts";
import { sha256 } from "../digest.ts";

export const CHAIN_START: Bytes = new Uint8Array(32);

/** What stands for all parts up to one: SHA-256 of what stood for those before it and of the part's own SHA-256. */
export async function chained(before: Bytes, digest: Bytes): Promise<Bytes> {
  return await sha256(concatenate(before, digest));
}
