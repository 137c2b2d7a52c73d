import type { common as english } from "../en/common.ts";

export const common: typeof english = {
  product: "Conclave",
  version: (hash) => `Version ${hash}`,
  you: "(Sie)",
  reload: "Neu laden",
  close: "Schließen",
  cancel: "Abbrechen",
  dismiss: "Schließen",
  closePanel: (title) => `${title} schließen`,
};
