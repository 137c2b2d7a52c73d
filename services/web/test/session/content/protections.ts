import { signal } from "@preact/signals";

import type { Bytes } from "../../../src/crypto/bytes.ts";
import type { Claim, ContentOpening, Unsealable } from "../../../src/crypto/content/codec.ts";
import type { ContentProtection } from "../../../src/session/content/ports.ts";
import { Seal } from "../../../src/session/content/seal.ts";
import type { GroupStatus } from "../../../src/session/group/driver.ts";

const SECURING: GroupStatus = { name: "securing", givenUp: undefined };

/** A managed room's. */
export function managedSeal(): Seal {
  return new Seal({
    isOn: signal(false),
    status: signal(SECURING),
    sealContent: () => Promise.reject(new Error("nothing is sealed here")),
    openContent: () => Promise.reject(new Error("nothing is sealed here")),
  });
}

/** An end-to-end room's, whose worker is what a test says; objects are sealed by turning their bytes round. */
export class TestedProtection implements ContentProtection {
  readonly isOn = signal(true);
  readonly status = signal<GroupStatus>(SECURING);
  readonly claims: Claim[] = [];
  unsealable: Unsealable | undefined;
  refused: Extract<ContentOpening, { refused: string }>["refused"] | undefined;

  /** The client enters a group, or its next epoch. */
  ready(): void {
    this.unsealable = undefined;
    this.status.value = { name: "ready", view: {} as never, sinceMs: 0 };
  }

  async sealContent({ object }: { object: Bytes }): Promise<Bytes | Unsealable> {
    return this.unsealable ?? object.toReversed();
  }

  async openContent(sealed: Bytes, claim: Claim): Promise<ContentOpening> {
    this.claims.push(claim);
    if (this.refused !== undefined) return { refused: this.refused };
    return { object: sealed.toReversed(), senderName: "Ada, proved", recipientName: "" };
  }
}
