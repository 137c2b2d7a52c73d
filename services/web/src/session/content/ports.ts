import type { ReadonlySignal } from "@preact/signals";

import type { Bytes } from "../../crypto/bytes.ts";
import type { Claim, ContentOpening, Unsealable } from "../../crypto/content/codec.ts";
import type { Sealing } from "../../crypto/content/seal.ts";
import type { GroupStatus } from "../group/driver.ts";

/** What protects a meeting, as far as what is shared in it needs it; see Protection. */
export interface ContentProtection {
  readonly isOn: ReadonlySignal<boolean>;
  readonly status: ReadonlySignal<GroupStatus>;
  sealContent(sealing: Sealing, recipientId: string): Promise<Bytes | Unsealable>;
  openContent(sealed: Bytes, claim: Claim): Promise<ContentOpening>;
}
