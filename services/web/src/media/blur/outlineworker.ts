// The worker that finds people's outlines: it is given pictures and gives masks, and its own policy lets it reach nothing.
import { fastComputer, plainComputer } from "./computer.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { Outline } from "./outline.ts";

let outline: Outline | undefined;

onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  try {
    if ("model" in data) {
      // A browser that knows no policy for WebAssembly alone refuses it.
      outline = new Outline(data.model, await fastComputer(data.kernels).catch(() => plainComputer));
      answer({ ready: true }, []);
    } else {
      outline?.mask(new Uint8ClampedArray(data.picture));
      answer({ mask: data.picture }, [data.picture]);
    }
  } catch (error) {
    answer({ failed: String(error) }, []);
  }
};

function answer(message: FromWorker, transfer: Transferable[]): void {
  postMessage(message, { transfer });
}
