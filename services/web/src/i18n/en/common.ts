/** What every view says. */
export const common = {
  product: "Conclave",
  version: (hash: string) => `Version ${hash}`,
  you: "(you)",
  reload: "Reload",
  close: "Close",
  cancel: "Cancel",
  dismiss: "Dismiss",
  closePanel: (title: string) => `Close ${title}`,
};
