import type { ClientConfig } from "ts-mls/clientConfig.js";
import { defaultKeyPackageEqualityConfig } from "ts-mls/keyPackageEqualityConfig.js";
import { defaultKeyRetentionConfig } from "ts-mls/keyRetentionConfig.js";
import { defaultLifetimeConfig } from "ts-mls/lifetimeConfig.js";
import { defaultPaddingConfig } from "ts-mls/paddingConfig.js";

import type { Authentication } from "./credential.ts";
import { Refused } from "./refused.ts";

/** What the library asks of its user. Its own defaults take every credential. */
export function libraryConfig(authentication: Authentication): ClientConfig {
  return {
    keyRetentionConfig: defaultKeyRetentionConfig,
    lifetimeConfig: defaultLifetimeConfig,
    keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
    paddingConfig: defaultPaddingConfig,
    authService: {
      async validateCredential(credential, signaturePublicKey) {
        if (credential.credentialType !== "basic") return false;
        return (await authentication.identify(credential.identity, signaturePublicKey)) !== undefined;
      },
    },
  };
}

/** Awaits the library's work on bytes that came from others. It has no list of what it throws: all of it is refused. */
export async function checked<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new Refused("invalid", { cause });
  }
}
