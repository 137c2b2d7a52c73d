import { signal } from "@preact/signals";

/** The hash over every file of this build, from manifest.json; undefined until it is read, or in development. */
export const buildHash = signal<string | undefined>(undefined);
/** Whether the appliance serves another build by now. */
export const isOutdated = signal(false);

/** Reads which build the appliance serves. The first answer is this page's own; a later one may differ. */
export async function readBuildHash(): Promise<void> {
  const response = await fetch("/manifest.json", { cache: "no-store" });
  if (!response.ok) return;
  const manifest: unknown = await response.json();
  if (typeof manifest !== "object" || manifest === null || !("hash" in manifest) || typeof manifest.hash !== "string") return;
  buildHash.value ??= manifest.hash;
  isOutdated.value = manifest.hash !== buildHash.value;
}
