import { Refused } from "../mls/refused.ts";
import type { Asked, FromWorker, Request, TransformOptions } from "./protocol.ts";
import type { FramesChanged, Session } from "./session.ts";

type Answer<Name extends Asked> = Awaited<ReturnType<Session[Name]>>;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The page's side of the worker that holds a meeting's keys. */
export class CryptoClient {
  readonly #worker: Worker;
  readonly #senders = new Set<RTCRtpSender>();
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  /**
   * worker: runs entry.ts. framesChanged: called when frames begin to pass or to be stopped. lost: called if the worker
   * says that it ends; its keys are gone, and its person has to join again as a new leaf.
   */
  constructor(worker: Worker, framesChanged: (change: FramesChanged) => void, lost: () => void) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if ("changed" in data) framesChanged(data.changed);
      else if ("wanted" in data) for (const sender of this.#senders) void sendKeyFrames(sender);
      else this.#answered(data);
    };
    worker.onerror = lost;
  }

  /** Asks the session. Rejects with Refused where a group refuses. */
  async ask<Name extends Asked>(name: Name, ...values: Parameters<Session[Name]>): Promise<Answer<Name>> {
    const id = this.#asked++;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    const request: Request<Name> = { id, name, values };
    this.#worker.postMessage(request);
    return (await answer) as Answer<Name>;
  }

  /**
   * Puts the transform on a sender or receiver. Call it right after addTransceiver: where it is set later, one browser
   * delivers nothing, and none must ever send or play a frame that did not pass the worker.
   */
  transform(end: RTCRtpSender | RTCRtpReceiver, options: TransformOptions): void {
    if (end instanceof RTCRtpSender) this.#senders.add(end);
    end.transform = new RTCRtpScriptTransform(this.#worker, options);
  }

  /** Ends the worker. Whatever was asked and not answered rejects. */
  close(): void {
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new Error("the worker has ended"));
    this.#waiting.clear();
  }

  #answered(answer: Extract<FromWorker, { id: number }>): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("value" in answer) waiting?.resolve(answer.value);
    else waiting?.reject("refused" in answer ? new Refused(answer.refused) : new Error(answer.failed));
  }
}

/** Has every layer of a video begin anew, the way that Chromium knows (WebRTC extensions, RTCSetParameterOptions). */
async function sendKeyFrames(sender: RTCRtpSender): Promise<void> {
  if (sender.track?.kind !== "video") return;
  const parameters = sender.getParameters();
  const encodingOptions = parameters.encodings.map(() => ({ keyFrame: true }));
  // It rejects for a sender that has stopped meanwhile.
  await sender.setParameters(parameters, { encodingOptions } as RTCSetParameterOptions).catch(() => undefined);
}
