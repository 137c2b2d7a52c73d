// The worker that finds people's outlines: it is given pictures and gives masks, and reaches nothing else.
import type { FromWorker, ToWorker } from "./messages.ts";
import { Outline } from "./outline.ts";

let outline: Outline | undefined;

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  try {
    if ("model" in data) {
      outline = new Outline(data.model);
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
