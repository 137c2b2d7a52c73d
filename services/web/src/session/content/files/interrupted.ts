const NAME = "conclave.uploads";

/**
 * The names of files that were on their way when the page was loaded anew. A page may not open a file again that the
 * person chose before, so that nothing but telling of them is left.
 */
export function interruptedUploads(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(NAME) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

export function keepInterrupted(names: readonly string[]): void {
  try {
    if (names.length === 0) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, JSON.stringify(names));
  } catch {
    // A browser that keeps nothing cannot tell of them either.
  }
}
