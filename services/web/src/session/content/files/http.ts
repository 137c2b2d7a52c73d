import type { Bytes } from "../../../crypto/bytes.ts";
import { TransferLost, TransferOutdated, TransferRefused, type FileTransport } from "./transport.ts";

/** The paths of the page's own origin by which files go and come. */
export const httpFiles: FileTransport = {
  // Of what browsers have, only XMLHttpRequest tells how much of a body is sent.
  put: ({ fileId, token, number, sealed }, stop, progress) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const stopped = (): void => request.abort();
      stop.addEventListener("abort", stopped);
      request.open("PUT", `/files/${fileId}/parts/${number}`);
      request.setRequestHeader("authorization", bearer(token));
      request.setRequestHeader("content-type", "application/octet-stream");
      request.upload.onprogress = ({ loaded }) => progress(loaded);
      request.onerror = request.onabort = request.ontimeout = () => reject(new TransferLost());
      request.onload = () => {
        if (request.status === 204) resolve();
        else reject(failureOf(request.status, request.responseText));
      };
      request.onloadend = () => stop.removeEventListener("abort", stopped);
      request.send(sealed);
    }),

  async *read(fileId, token, offset, stop) {
    const headers = { authorization: bearer(token), ...(offset > 0 && { range: `bytes=${offset}-` }) };
    const response = await fetch(`/files/${fileId}`, { headers, signal: stop, cache: "no-store" }).catch(lost);
    if (response.status !== (offset > 0 ? 206 : 200)) throw failureOf(response.status, await response.text().catch(lost));
    const reader = response.body?.getReader();
    if (reader === undefined) throw new TransferLost();
    try {
      for (;;) {
        const { done, value } = await reader.read().catch(lost);
        if (done) return;
        yield value as Bytes;
      }
    } finally {
      reader.cancel().catch(() => undefined); // Whoever stops reading wants no more of it.
    }
  },
};

/** RFC 6750 section 2.1, the token in base64url without padding. */
function bearer(token: Bytes): string {
  const base64 = btoa(String.fromCharCode(...token));
  return `Bearer ${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

function lost(): never {
  throw new TransferLost();
}

function failureOf(status: number, problem: string): Error {
  switch (status) {
    case 401:
    case 404:
    case 409:
      return new TransferOutdated();
    case 400:
    case 403:
    case 413:
    case 416:
    case 507:
      return new TransferRefused(status, detailOf(problem));
    default:
      return new TransferLost();
  }
}

/** What the appliance says to do (RFC 9457 section 3.1.4). */
function detailOf(problem: string): string {
  try {
    const { detail } = JSON.parse(problem) as { detail?: unknown };
    return typeof detail === "string" ? detail : "";
  } catch {
    return "";
  }
}
