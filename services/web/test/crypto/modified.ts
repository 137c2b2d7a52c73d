import { createGroup, joinGroup, type ClientState } from "ts-mls/clientState.js";
import { defaultAuthenticationService } from "ts-mls/authenticationService.js";
import { defaultClientConfig } from "ts-mls/clientConfig.js";
import { createCommit } from "ts-mls/createCommit.js";
import { createProposal } from "ts-mls/createMessage.js";
import { acceptAll } from "ts-mls/incomingMessageAction.js";
import type { MLSMessage } from "ts-mls/message.js";
import { encodeMlsMessage } from "ts-mls/message.js";
import { processMessage } from "ts-mls/processMessages.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";
import type { Proposal } from "ts-mls/proposal.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";

import type { Bytes } from "../../src/crypto/bytes.ts";
import type { Leaf } from "../../src/crypto/mls/keypackage.ts";
import { SUITE } from "../../src/crypto/mls/suite.ts";
import { decodePublicMessage, decodeWelcome, encode } from "../../src/crypto/mls/wire.ts";

const EVERYTHING_GOES = { ...defaultClientConfig, authService: defaultAuthenticationService };

/** A member whose client has no rules of its own: the bare library. */
export class Modified {
  state!: ClientState;

  static async founding(groupId: Bytes, leaf: Leaf, extensions: Parameters<typeof createGroup>[3] = []): Promise<Modified> {
    const modified = new Modified();
    modified.state = await leaf.enter(async (keys) =>
      createGroup(groupId, leaf.keyPackage, keys, extensions, SUITE, EVERYTHING_GOES),
    );
    return modified;
  }

  static async joining(leaf: Leaf, welcome: Bytes): Promise<Modified> {
    const modified = new Modified();
    const decoded = decodeWelcome(welcome);
    modified.state = await leaf.enter(async (keys) =>
      joinGroup(decoded, leaf.keyPackage, keys, emptyPskIndex, SUITE, undefined, undefined, EVERYTHING_GOES),
    );
    return modified;
  }

  /** A commit of these proposals, which the client does not follow itself. */
  async commit(
    proposals: Proposal[],
    isPublic = true,
  ): Promise<{ message: Bytes; welcome: Bytes | undefined; next: ClientState }> {
    const options = { wireAsPublicMessage: isPublic, extraProposals: proposals, ratchetTreeExtension: true };
    const made = await createCommit({ state: this.state, cipherSuite: SUITE }, options);
    const welcome = made.welcome && encode({ wireformat: "mls_welcome", welcome: made.welcome });
    return { message: bytesOf(made.commit), welcome, next: made.newState };
  }

  async propose(proposal: Proposal): Promise<Bytes> {
    return bytesOf((await createProposal(this.state, true, proposal, SUITE)).message);
  }

  async process(message: Bytes): Promise<void> {
    const publicMessage = decodePublicMessage(message);
    const decoded = { version: "mls10", wireformat: "mls_public_message", publicMessage } as const;
    this.state = (await processMessage(decoded, this.state, emptyPskIndex, acceptAll, SUITE)).newState;
  }
}

/** The same message after a change of its fields, with the signature that it had. */
export function altered(message: Bytes, alter: (message: PublicMessage) => PublicMessage): Bytes {
  return encode({ wireformat: "mls_public_message", publicMessage: alter(decodePublicMessage(message)) });
}

/** A message with one bit flipped. */
export function flipped(message: Bytes, bit: number): Bytes {
  const copy = message.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

function bytesOf(message: MLSMessage): Bytes {
  return encodeMlsMessage(message) as Bytes;
}
