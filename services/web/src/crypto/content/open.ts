import { fromBinary } from "@bufbuild/protobuf";

import { ContentObjectSchema, type ContentObject } from "../../gen/conclave/v1/content_pb.js";
import { equalBytes, type Bytes } from "../bytes.ts";
import type { Member } from "../member.ts";
import type { ContentKeys } from "../mls/contentkeys.ts";
import { open } from "../sframe/ciphertext.ts";
import { metadataOf, type Envelope } from "./envelope.ts";
import type { DataEpoch } from "./epoch.ts";
import { openCopy, parsePrivate } from "./private.ts";
import { Form } from "./seal.ts";
import { parseStatement, SIGNATURE_SIZE, signedBytes, type Origin } from "./statement.ts";

/** Why an object is not shown. */
export type ContentRefusal =
  /** Not made by a client of ours. */
  | "malformed"
  /** Of a group that this meeting has, or had, nothing to do with as far as this client knows. */
  | "other-group"
  /** Of an epoch in which this client was not there, or whose key it has lost. */
  | "no-key"
  /** Of an epoch that this client has not reached. */
  | "future-epoch"
  /** Under a leaf that nobody had. */
  | "not-a-member"
  /** Changed on the way, or made without the group's keys. */
  | "changed"
  /** Not signed by the member under whose leaf it came. */
  | "forged"
  /** Of somebody else than the appliance says, or for somebody else. */
  | "wrong-sender"
  | "wrong-recipient"
  /** Another object, another version or of another kind than the appliance says. */
  | "mismatch"
  /** Shown before as something else, or put in the place of what is newer. */
  | "replayed"
  /** Readable, where it has to be sealed. */
  | "unprotected"
  /** The worker could not do it. */
  | "failed";

export class ContentRefused extends Error {
  readonly reason: ContentRefusal;

  constructor(reason: ContentRefusal) {
    super(reason);
    this.reason = reason;
  }
}

/** What an object says, proved to be its author's. */
export interface OpenedObject {
  readonly origin: Origin;
  readonly author: Member;
  readonly recipientId: string;
  readonly object: ContentObject;
  /** The object as it was sealed. */
  readonly bytes: Bytes;
}

/**
 * Opens an object and checks who it is from and whom it is for. Rejects with ContentRefused.
 *
 * epoch: the one that the envelope names. ownKeys: by public key, those of the client's own leaves that it still has.
 */
export async function openObject(epoch: DataEpoch, envelope: Envelope, ownKeys: readonly ContentKeys[]): Promise<OpenedObject> {
  const { groupId, leaf, header, ciphertext } = envelope;
  const author = epoch.members.get(leaf);
  if (author === undefined) throw new ContentRefused("not-a-member");
  const key = await epoch.keyOf(header.kid);
  const inner = await open(key, header, metadataOf(envelope), ciphertext).catch(refuse("changed"));
  const origin: Origin = { groupId, epoch: envelope.epoch, leaf, counter: header.counter };
  const signed = await signedIn(inner, origin, author, epoch, ownKeys);
  const plaintext = signed.slice(SIGNATURE_SIZE);
  const statement = parseStatement(plaintext);
  const object = statement && parseObject(statement.object);
  if (statement === undefined || object === undefined) throw new ContentRefused("malformed");
  const message = await signedBytes(origin, object.kind, plaintext);
  if (!(await isSigned(author, signed.subarray(0, SIGNATURE_SIZE), message))) throw new ContentRefused("forged");
  // What is for one person comes sealed to that person, and what is for everybody does not.
  if ((statement.recipientId !== "") !== (inner[0] === Form.PRIVATE)) throw new ContentRefused("wrong-recipient");
  return { origin, author, recipientId: statement.recipientId, object, bytes: statement.object };
}

async function signedIn(
  inner: Bytes,
  origin: Origin,
  author: Member,
  epoch: DataEpoch,
  ownKeys: readonly ContentKeys[],
): Promise<Bytes> {
  const rest = inner.slice(1);
  if (inner[0] === Form.EVERYBODY) return rest;
  const copies = inner[0] === Form.PRIVATE ? parsePrivate(rest) : undefined;
  if (copies === undefined) throw new ContentRefused("malformed");
  const keysOf = (member: Member): ContentKeys | undefined =>
    ownKeys.find(({ publicKey }) => equalBytes(publicKey, member.contentKey));
  const authorKeys = keysOf(author);
  if (authorKeys !== undefined) return await openCopy(origin, authorKeys, copies.forAuthor).catch(refuse("changed"));
  // The browser may have several leaves in the group: one a page.
  const candidates = [...epoch.members.values()].flatMap((member) => keysOf(member) ?? []);
  if (candidates.length === 0) throw new ContentRefused("no-key");
  for (const keys of candidates) {
    const opened = await openCopy(origin, keys, copies.forRecipient).catch(() => undefined);
    if (opened !== undefined) return opened;
  }
  throw new ContentRefused("wrong-recipient");
}

function parseObject(bytes: Bytes): ContentObject | undefined {
  try {
    return fromBinary(ContentObjectSchema, bytes);
  } catch {
    return undefined;
  }
}

async function isSigned({ leafKey }: Member, signature: Bytes, message: Bytes): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", leafKey, "Ed25519", false, ["verify"]);
  return await crypto.subtle.verify("Ed25519", key, signature, message);
}

function refuse(reason: ContentRefusal): () => never {
  return () => {
    throw new ContentRefused(reason);
  };
}
