import modelAddress from "@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite?url";

import kernelsAddress from "./kernels.wasm?url";
import workerAddress from "./outlineworker.ts?worker&url";
import type { FromWorker, ToWorker } from "./messages.ts";

/** Told by the worker that finds outlines. */
export interface OutlinerHandlers {
  ready(): void;
  /** A picture that was given came back as its mask. */
  masked(mask: ImageData["data"]): void;
  failed(): void;
}

/** What finds people's outlines, one picture after the other. */
export interface Outliner {
  /** Takes the picture away; its mask comes later. */
  give(picture: ImageData["data"]): void;
  close(): void;
}
export type StartOutliner = (handlers: OutlinerHandlers) => Outliner;

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): {
    createScriptURL(address: string): string;
  };
}

let vouched: string | undefined;

/** The page's policy wants scripts' addresses to be vouched for, where the browser knows how. */
function vouchedAddress(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  vouched ??= trustedTypes?.createPolicy("conclave-blur", { createScriptURL: () => workerAddress }).createScriptURL(workerAddress);
  return vouched ?? workerAddress;
}

/** Starts the worker and gives it the model. Both are fetched now, which is the first time that anybody wants them. */
export const startOutliner: StartOutliner = (handlers) => {
  const worker = new Worker(vouchedAddress(), { type: "module", name: "conclave-blur" });
  const tell = (message: ToWorker, transfer: Transferable[]): void => worker.postMessage(message, transfer);
  const failed = (error: unknown): void => {
    console.warn("background blur does not work:", String(error));
    handlers.failed();
  };
  worker.onerror = (event) => failed(event.message);
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if ("mask" in data) handlers.masked(new Uint8ClampedArray(data.mask));
    else if ("ready" in data) handlers.ready();
    else failed(data.failed);
  };
  // Fetched here, because the worker may fetch nothing.
  Promise.all([fetched(modelAddress), fetched(kernelsAddress)]).then(
    ([model, kernels]) => tell({ model, kernels }, [model, kernels]),
    failed,
  );
  return {
    give: ({ buffer }) => tell({ picture: buffer }, [buffer]),
    close: () => worker.terminate(),
  };
};

async function fetched(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} could not be fetched: ${response.status}`);
  return response.arrayBuffer();
}
