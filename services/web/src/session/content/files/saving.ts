import type { Save } from "./downloads.ts";

/** How long the browser may take to begin with a file. */
const BEGIN_MS = 60_000;

/** Saves as the browser saves what is downloaded: never opened in the page, whatever it is. */
export const saveAsDownload: Save = (blob, name) => {
  const plain = blob.slice(0, blob.size, "application/octet-stream");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(plain);
  link.download = name;
  link.hidden = true;
  document.body.append(link); // One browser follows only links that are in the page.
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), BEGIN_MS);
};
