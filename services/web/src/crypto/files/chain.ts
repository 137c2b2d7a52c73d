import { concatenate, type Bytes } from "../bytes.ts";

export const CHAIN_START: Bytes = new Uint8Array(32);

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** What stands for all parts up to one: SHA-256 of what stood for those before it and of the part's own SHA-256. */
export async function chained(before: Bytes, digest: Bytes): Promise<Bytes> {
  return await sha256(concatenate(before, digest));
}
