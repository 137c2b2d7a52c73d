import type { Bytes } from "../../crypto/bytes.ts";
import type { Commit } from "../../crypto/mls/group.ts";
import { Refused } from "../../crypto/mls/refused.ts";
import type { CommitRequested } from "../../gen/conclave/v1/groups_pb.js";
import type { Keys } from "./ports.ts";

/**
 * Makes the commit that the delivery service asks for. People whom the group would refuse stay out of it, so that one
 * bad KeyPackage keeps nobody else waiting.
 *
 * Returns undefined if nothing of it can be committed.
 */
export async function makeCommit(keys: Keys, { add, remove }: CommitRequested): Promise<Commit | undefined> {
  const offered = add.map(({ keyPackage }) => keyPackage as Bytes);
  const whole = await attempt(keys, offered, remove);
  if (whole !== undefined || offered.length === 0) return whole;
  const good: Bytes[] = [];
  for (const keyPackage of offered) {
    if ((await attempt(keys, [...good, keyPackage], remove)) !== undefined) good.push(keyPackage);
  }
  if (good.length === 0 && remove.length === 0) return undefined;
  return await attempt(keys, good, remove);
}

async function attempt(keys: Keys, add: readonly Bytes[], remove: readonly number[]): Promise<Commit | undefined> {
  try {
    return await keys.commit({ add, remove });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return undefined;
  }
}
