import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { bytesToBase64 } from "ts-mls/util/byteArray.js";

import { IdentityStatementSchema, LeafCredentialSchema } from "../../gen/conclave/v1/identity_pb.js";
import { concatenate, equalBytes, utf8, type Bytes } from "../bytes.ts";
import { sha256 } from "../digest.ts";
import { LARGEST_LEAF } from "../keys/kid.ts";
import type { Member } from "../member.ts";

/** What a deployment has signed about this client: a serialised IdentityStatement and the signature. */
export interface Vouched {
  readonly statement: Bytes;
  readonly signature: Bytes;
}

/** Somebody for whom a deployment has vouched, apart from where in the group's tree. */
export type Person = Omit<Member, "leaf">;

const KEY_SIZE = 32;

/** The identity of the basic credential of a leaf, signed by the client's identity key. */
export async function makeCredential(
  vouched: Vouched,
  identityKey: CryptoKey,
  leafKey: Uint8Array,
  contentKey: Uint8Array,
): Promise<Bytes> {
  const signed = await leafBytes(vouched.statement, leafKey, contentKey);
  const signature = await crypto.subtle.sign("Ed25519", identityKey, signed);
  return toBinary(
    LeafCredentialSchema,
    create(LeafCredentialSchema, {
      statement: vouched.statement,
      statementSignature: vouched.signature,
      leafSignature: new Uint8Array(signature),
      contentKey,
    }),
  ) as Bytes;
}

/** Says for whom a deployment has vouched in one meeting. */
export class Authentication {
  readonly #deploymentKey: CryptoKey;
  readonly #meeting: string;
  readonly #identified = new Map<string, Promise<Person | undefined>>();

  private constructor(deploymentKey: CryptoKey, meeting: string) {
    this.#deploymentKey = deploymentKey;
    this.#meeting = meeting;
  }

  /** deploymentKey: the deployment's Ed25519 public key, as this client has pinned it. */
  static async of(deploymentKey: Bytes, meeting: string): Promise<Authentication> {
    return new Authentication(await verificationKey(deploymentKey), meeting);
  }

  /** Who a leaf with this credential and signature key is, or undefined if any part of the proof is missing. */
  async identify(credential: Uint8Array, leafKey: Uint8Array): Promise<Person | undefined> {
    // Every epoch asks about every leaf, and its answer never changes.
    const question = `${bytesToBase64(leafKey)} ${bytesToBase64(credential)}`;
    let answer = this.#identified.get(question);
    if (answer === undefined) {
      if (this.#identified.size > LARGEST_LEAF) this.#identified.clear();
      this.#identified.set(question, (answer = this.#prove(credential, leafKey)));
    }
    return await answer;
  }

  async #prove(credential: Uint8Array, leafKey: Uint8Array): Promise<Person | undefined> {
    try {
      const parsed = fromBinary(LeafCredentialSchema, credential);
      // One credential has one encoding; the parser would take others.
      if (!equalBytes(toBinary(LeafCredentialSchema, parsed), credential)) return undefined;
      const { statement, statementSignature, leafSignature, contentKey } = parsed;
      const said = fromBinary(IdentityStatementSchema, statement);
      if (said.meeting !== this.#meeting || said.participantId === "") return undefined;
      if (leafKey.length !== KEY_SIZE || contentKey.length !== KEY_SIZE) return undefined;
      const identityKey = await verificationKey(said.identityKey as Bytes);
      const signed = await Promise.all([
        verified(this.#deploymentKey, statementSignature, statementBytes(statement)),
        verified(identityKey, leafSignature, await leafBytes(statement, leafKey, contentKey)),
      ]);
      if (signed.includes(false)) return undefined;
      const { participantId, subject, displayName } = said;
      const keys = { identityKey: said.identityKey as Bytes, leafKey: leafKey.slice(), contentKey: contentKey as Bytes };
      return { participantId, subject, displayName, ...keys };
    } catch {
      // Not a message, or not a key: nobody is vouched for.
      return undefined;
    }
  }
}

async function verificationKey(bytes: Bytes): Promise<CryptoKey> {
  return await crypto.subtle.importKey("raw", bytes, "Ed25519", true, ["verify"]);
}

async function verified(key: CryptoKey, signature: Uint8Array, message: Bytes): Promise<boolean> {
  return await crypto.subtle.verify("Ed25519", key, signature as Bytes, message);
}

/** What the deployment signs. */
function statementBytes(statement: Uint8Array): Bytes {
  return concatenate(utf8("conclave identity v1\0"), statement);
}

/** What the identity key signs. */
async function leafBytes(statement: Uint8Array, leafKey: Uint8Array, contentKey: Uint8Array): Promise<Bytes> {
  return concatenate(utf8("conclave leaf v1\0"), await sha256(statement as Bytes), leafKey, contentKey);
}
