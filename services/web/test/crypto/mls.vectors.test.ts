// The MLS working group's passive clients for suites 1 to 3: what the pinned library makes of other implementations'
// Welcomes, proposals and commits; bytes and sources in tests/vectors/mlswg_mls-implementations.
import assert from "node:assert/strict";
import { test } from "node:test";

import { joinGroup, makePskIndex, type ClientState } from "ts-mls/clientState.js";
import { getCiphersuiteFromName, type CiphersuiteImpl } from "ts-mls/crypto/ciphersuite.js";
import { getCiphersuiteImpl } from "ts-mls/crypto/getCiphersuiteImpl.js";
import { acceptAll } from "ts-mls/incomingMessageAction.js";
import { decodeMlsMessage, type MLSMessage } from "ts-mls/message.js";
import { processMessage } from "ts-mls/processMessages.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";
import { decodeRatchetTree } from "ts-mls/ratchetTree.js";
import { bytesToBase64 } from "ts-mls/util/byteArray.js";

import { SUITE } from "../../src/crypto/mls/suite.ts";
import { hex, readVectors, unhex } from "./vectors.ts";

interface PassiveClient {
  readonly cipher_suite: bigint;
  readonly external_psks: readonly { readonly psk_id: string; readonly psk: string }[];
  readonly key_package: string;
  readonly signature_priv: string;
  readonly encryption_priv: string;
  readonly init_priv: string;
  readonly welcome: string;
  readonly ratchet_tree: string | null;
  readonly initial_epoch_authenticator: string;
  readonly epochs: readonly {
    readonly proposals: readonly string[];
    readonly commit: string;
    readonly epoch_authenticator: string;
  }[];
}

const FILES = [
  ["passive-client-welcome", 24],
  ["passive-client-handling-commit", 39],
  ["passive-client-random-first20epochs", 1],
] as const;

/** Suite 1 as meetings have it, the others as the library has them. */
const SUITES = new Map<bigint, CiphersuiteImpl>([
  [1n, SUITE],
  [2n, await getCiphersuiteImpl(getCiphersuiteFromName("MLS_128_DHKEMP256_AES128GCM_SHA256_P256"))],
  [3n, await getCiphersuiteImpl(getCiphersuiteFromName("MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519"))],
]);

for (const [file, count] of FILES) {
  const clients = readVectors<PassiveClient[]>(`mlswg_mls-implementations/${file}.json`);
  test(`${file} has ${count} clients`, () => assert.equal(clients.length, count));
  for (const [index, client] of clients.entries()) {
    const suite = SUITES.get(client.cipher_suite);
    assert.ok(suite);
    test(`${file} ${index}, suite ${client.cipher_suite}`, () => follow(client, suite));
  }
}

async function follow(client: PassiveClient, suite: CiphersuiteImpl): Promise<void> {
  const psks = Object.fromEntries(
    client.external_psks.map(({ psk_id, psk }) => [bytesToBase64(unhex(psk_id)), unhex(psk)]),
  );
  let state = await join(client, suite, psks);
  assert.equal(authenticator(state), client.initial_epoch_authenticator);
  for (const epoch of client.epochs) {
    for (const proposal of epoch.proposals) {
      state = await process(proposal, state, suite, {});
    }
    state = await process(epoch.commit, state, suite, psks);
    assert.equal(authenticator(state), epoch.epoch_authenticator);
  }
}

async function join(client: PassiveClient, suite: CiphersuiteImpl, psks: Record<string, Uint8Array>): Promise<ClientState> {
  const keyPackage = decode(client.key_package);
  const welcome = decode(client.welcome);
  assert.ok(keyPackage.wireformat === "mls_key_package" && welcome.wireformat === "mls_welcome");
  const tree = client.ratchet_tree === null ? undefined : decodeRatchetTree(unhex(client.ratchet_tree), 0)?.[0];
  const secrets = {
    initPrivateKey: unhex(client.init_priv),
    hpkePrivateKey: unhex(client.encryption_priv),
    signaturePrivateKey: unhex(client.signature_priv),
  };
  return await joinGroup(welcome.welcome, keyPackage.keyPackage, secrets, makePskIndex(undefined, psks), suite, tree);
}

async function process(
  message: string,
  state: ClientState,
  suite: CiphersuiteImpl,
  psks: Record<string, Uint8Array>,
): Promise<ClientState> {
  const decoded = decode(message);
  assert.ok(decoded.wireformat === "mls_public_message" || decoded.wireformat === "mls_private_message");
  const index = Object.keys(psks).length === 0 ? emptyPskIndex : makePskIndex(state, psks);
  return (await processMessage(decoded, state, index, acceptAll, suite)).newState;
}

function decode(message: string): MLSMessage {
  const decoded = decodeMlsMessage(unhex(message), 0);
  assert.ok(decoded);
  return decoded[0];
}

function authenticator(state: ClientState): string {
  return hex(state.keySchedule.epochAuthenticator);
}
