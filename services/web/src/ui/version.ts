import { signal } from "@preact/signals";

/** The hash over every file of this build, from manifest.json; undefined until it is read, or in development. */
export const buildHash = signal<string | undefined>(undefined);

export async function readBuildHash(): Promise<void> {
  const response = await fetch("/manifest.json");
  if (!response.ok) return;
  const manifest: unknown = await response.json();
  if (typeof manifest === "object" && manifest !== null && "hash" in manifest && typeof manifest.hash === "string") {
    buildHash.value = manifest.hash;
  }
}
