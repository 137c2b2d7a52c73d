// Lets another program drive clients of ours, for tests against other implementations: one JSON object a line on
// standard input, {"client": name, "do": what, ...}, and one a line on standard output. Bytes are hex.
import { createInterface } from "node:readline";

import type { Bytes } from "../../src/crypto/bytes.ts";
import { ContentCodec } from "../../src/crypto/content/codec.ts";
import type { Codec } from "../../src/crypto/frames/clear.ts";
import { openFrame } from "../../src/crypto/frames/open.ts";
import { sealFrame } from "../../src/crypto/frames/seal.ts";
import type { Context } from "../../src/crypto/keys/kid.ts";
import { KeyRing } from "../../src/crypto/keys/ring.ts";
import { Authentication } from "../../src/crypto/mls/credential.ts";
import { Group } from "../../src/crypto/mls/group.ts";
import { newLeaf, type Leaf } from "../../src/crypto/mls/keypackage.ts";
import { Refused } from "../../src/crypto/mls/refused.ts";
import { claimOf, objectOf } from "./content/talkers.ts";
import { pageVault, POLICY } from "./people.ts";
import { hex, unhex } from "./vectors.ts";

type Values = Readonly<Record<string, unknown>>;

class DrivenClient {
  #identity: CryptoKeyPair | undefined;
  #authentication: Authentication | undefined;
  #leaf: Leaf | undefined;
  #group: Group | undefined;
  #ring: KeyRing | undefined;
  #content = new ContentCodec(pageVault());
  #nowMs = 0;

  readonly actions: Readonly<Record<string, (values: Values) => Promise<Values>>> = {
    identity: async () => {
      this.#identity = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
      return { identityKey: hex(new Uint8Array(await crypto.subtle.exportKey("raw", this.#identity.publicKey))) };
    },
    leaf: async (values) => {
      const vouched = { statement: bytesIn(values, "statement"), signature: bytesIn(values, "signature") };
      this.#authentication = await Authentication.of(bytesIn(values, "deploymentKey"), textIn(values, "meeting"));
      this.#leaf = await newLeaf(vouched, there(this.#identity).privateKey, Date.now());
      const identityKey = new Uint8Array(await crypto.subtle.exportKey("raw", there(this.#identity).publicKey));
      const { contentSeed } = this.#leaf;
      const own = { meeting: textIn(values, "meeting"), participantId: textIn(values, "client"), identityKey, contentSeed };
      await this.#content.begin(own, Date.now());
      return { keyPackage: hex(this.#leaf.message) };
    },
    /** Gives the leaf's secrets away, for a member that another implementation plays. */
    surrender: async () => {
      const { initPrivateKey, hpkePrivateKey } = await there(this.#leaf).enter(async (keys) => keys);
      return { initPrivateKey: hex(initPrivateKey), hpkePrivateKey: hex(hpkePrivateKey) };
    },
    found: async () => {
      this.#enter(await Group.found(POLICY, there(this.#leaf), there(this.#authentication)));
      return await this.#newEpoch();
    },
    join: async (values) => {
      const welcome = bytesIn(values, "welcome");
      this.#enter(await Group.join(POLICY, there(this.#leaf), there(this.#authentication), welcome));
      return await this.#newEpoch();
    },
    commit: async (values) => {
      const add = ((values["add"] ?? []) as string[]).map(unhex);
      const { message, welcome } = await there(this.#group).commit({ add, remove: (values["remove"] ?? []) as number[] });
      return { message: hex(message), welcome: welcome && hex(welcome) };
    },
    abandon: async () => {
      there(this.#group).abandon();
      return {};
    },
    propose: async (values) => ({ message: hex(await there(this.#group).proposeRemoval(values["remove"] as number)) }),
    process: async (values) => {
      const effect = await there(this.#group).process(bytesIn(values, "message"));
      return { effect, ...(effect === "epoch" ? await this.#newEpoch() : {}) };
    },
    /** Seals a line of chat under an id. */
    say: async (values) => {
      const claim = claimOf(textIn(values, "client"), textIn(values, "recipientId"), { id: textIn(values, "id") });
      const sealing = { kind: claim.kind, object: objectOf(textIn(values, "text"), claim) };
      const sealed = await this.#content.seal(sealing, claim.recipientId);
      return typeof sealed === "string" ? { unsendable: sealed } : { sealed: hex(sealed) };
    },
    seal: async (values) => {
      const { context, codec } = values as { context: Context; codec: Codec };
      const frame = await sealFrame(there(this.#ring), context, codec, bytesIn(values, "frame"), this.#nowMs);
      return typeof frame === "string" ? { unsendable: frame } : { frame: hex(frame) };
    },
    open: async (values) => {
      const { context, codec, participantId } = values as { context: Context; codec: Codec; participantId: string };
      const announced = { participantId, context };
      const opened = await openFrame(there(this.#ring), announced, codec, bytesIn(values, "frame"), this.#nowMs);
      return opened.refused === undefined ? { frame: hex(opened.frame) } : { refused: opened.refused };
    },
  };

  #enter(group: Group): void {
    this.#group = group;
    this.#ring = new KeyRing(group.groupId);
  }

  async #newEpoch(): Promise<Values> {
    // Each epoch is a minute after the last, so that its keys are the only ones.
    this.#nowMs += 60_000;
    const group = there(this.#group);
    const { dataKey, ...secrets } = await group.takeSecrets();
    there(this.#ring).install(secrets, this.#nowMs);
    const { groupId, number: epoch, members, ownLeaf } = secrets;
    await this.#content.install({ groupId, epoch, members, dataKey }, ownLeaf, (message) => group.sign(message));
    this.#nowMs += 1_000;
    return await this.#described();
  }

  async #described(): Promise<Values> {
    const { groupId, epoch, ownLeaf, code, members } = there(this.#group);
    const people = Object.fromEntries([...members].map(([leaf, member]) => [leaf, member.participantId]));
    return { groupId: hex(groupId), epoch: Number(epoch), ownLeaf, code: code.join(" "), members: people };
  }
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the driver has left a step out");
  return value;
}

function textIn(values: Values, name: string): string {
  return String(there(values[name]));
}

function bytesIn(values: Values, name: string): Bytes {
  return unhex(textIn(values, name));
}

const clients = new Map<string, DrivenClient>();

for await (const line of createInterface({ input: process.stdin })) {
  const values = JSON.parse(line) as Values;
  const name = textIn(values, "client");
  const client = clients.get(name) ?? new DrivenClient();
  clients.set(name, client);
  try {
    console.log(JSON.stringify(await there(client.actions[textIn(values, "do")])(values)));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.log(JSON.stringify({ refusedFor: error.reason, because: String(error.cause ?? "") }));
  }
}
