import address from "./entry.ts?worker&url";

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): {
    createScriptURL(address: string): string;
  };
}

/** Starts the worker in which a meeting's keys live. */
export function startCryptoWorker(): Worker {
  // The page's policy wants scripts' addresses to be vouched for, where the browser knows how; the type of one is hidden
  // in string, as the libraries have it.
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy("conclave-crypto", { createScriptURL: () => address });
  return new Worker(policy?.createScriptURL(address) ?? address, { type: "module", name: "conclave-crypto" });
}
