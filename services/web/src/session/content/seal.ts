import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";

import type { Bytes } from "../../crypto/bytes.ts";
import type { ContentRefusal } from "../../crypto/content/open.ts";
import {
  ContentDeletion,
  type ContentKind,
  ContentObjectSchema,
  type ContentObject,
  type ContentRecord,
} from "../../gen/conclave/v1/content_pb.js";
import type { GroupStatus } from "../group/driver.ts";
import { DATA_CLASSES, isPassing, isShared } from "./kinds.ts";
import type { ContentProtection } from "./ports.ts";

/** The one whom an object is for has no part in the group, or none yet. */
export class RecipientMissing extends Error {}

/** A record, opened. Without a case of content it was taken back, or it was refused. */
export interface OpenedRecord {
  readonly record: Omit<ContentRecord, "body">;
  readonly content: ContentObject["content"];
  /** Why it is not shown. */
  readonly refusal: ContentRefusal | undefined;
}

/** Refusals that another state of the group may lift. */
const LIFTABLE: ReadonlySet<ContentRefusal> = new Set(["future-epoch", "no-key", "other-group", "failed"]);

export function isLiftable(refusal: ContentRefusal | undefined): boolean {
  return refusal !== undefined && LIFTABLE.has(refusal);
}

/** An object as its kind's module gives it. */
export type ClearObject = MessageInitShape<typeof ContentObjectSchema> & { readonly kind: ContentKind };

const NOTHING: ContentObject["content"] = { case: undefined };

/** Between objects as they are and as they travel: readable in a managed room, sealed in an end-to-end room. */
export class Seal {
  readonly #protection: ContentProtection;
  #isOn = false;

  constructor(protection: ContentProtection) {
    this.#protection = protection;
  }

  /** The client's part in the group: what could not be opened may be, when it changes. */
  get status(): ContentProtection["status"] {
    return this.#protection.status;
  }

  /** Once a page was in an end-to-end room, nothing that it is told makes it send what can be read. */
  get isOn(): boolean {
    this.#isOn ||= this.#protection.isOn.peek();
    return this.#isOn;
  }

  /** An object sealed. While the client has no keys it waits for them. Rejects with RecipientMissing. */
  async seal(clear: ClearObject, recipientId: string): Promise<Bytes> {
    const object = toBinary(ContentObjectSchema, create(ContentObjectSchema, clear)) as Bytes;
    const sealing = { kind: clear.kind, object };
    for (let refusedAt: GroupStatus | undefined; ; ) {
      refusedAt = await this.#ready(refusedAt);
      const sealed = await this.#protection.sealContent(sealing, recipientId);
      if (sealed === "no-recipient") throw new RecipientMissing();
      if (sealed !== "no-key") return sealed;
    }
  }

  async open(record: ContentRecord): Promise<OpenedRecord> {
    const { body } = record;
    if (record.deletion !== ContentDeletion.UNSPECIFIED) return { record, content: NOTHING, refusal: undefined };
    if (!this.isOn) {
      if (body.case === "clear") return { record, content: body.value.content, refusal: undefined };
      return { record, content: NOTHING, refusal: "malformed" };
    }
    return body.case === "sealed" ? await this.#open(record, body.value as Bytes) : refused(record, "unprotected");
  }

  async #open(record: ContentRecord, sealed: Bytes): Promise<OpenedRecord> {
    const { kind, id, revision, parentId, closed, own } = record;
    if (!isShared(kind)) return refused(record, "malformed");
    const label = { kind, dataClass: DATA_CLASSES[kind], id, revision, parentId, closed };
    const facts = { ...label, own, senderId: record.senderParticipantId, recipientId: record.recipientParticipantId };
    const opening = await this.#protection.openContent(sealed, { ...facts, passing: isPassing(kind) });
    if (opening.refused !== undefined) {
      // Which keys the client will have, it does not know before it is in.
      const waits = isLiftable(opening.refused) && this.status.peek().name !== "ready";
      return refused(record, waits ? "future-epoch" : opening.refused);
    }
    const { content } = fromBinary(ContentObjectSchema, opening.object);
    const names = { senderDisplayName: opening.senderName, recipientDisplayName: opening.recipientName };
    return { record: { ...record, ...names }, content, refusal: undefined };
  }

  /** Waits until the client is in the group, in another state of it than `after`. */
  #ready(after: GroupStatus | undefined): Promise<GroupStatus> {
    return new Promise((resolve) => {
      const stop = this.status.subscribe((status) => {
        if (status.name !== "ready" || status === after) return;
        resolve(status);
        // The first call comes before there is anything to stop.
        queueMicrotask(() => stop());
      });
    });
  }
}

function refused(record: ContentRecord, refusal: ContentRefusal): OpenedRecord {
  return { record, content: NOTHING, refusal };
}
