// The worker in which a meeting's keys live: every encoded frame passes here, both ways.
import { openVaultStore } from "../content/database.ts";
import { STILL_USED_MS, Vault } from "../content/vault.ts";
import { Refused } from "../mls/refused.ts";
import type { EncodedFrame } from "./frames.ts";
import type { Asked, FromWorker, Request, TransformOptions } from "./protocol.ts";
import { Session } from "./session.ts";

/** RTCRtpScriptTransformer, as far as it is used here. */
interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  readonly options: TransformOptions;
  /** Missing in Chromium, where the page asks its senders instead. */
  generateKeyFrame?(): Promise<unknown>;
  sendKeyFrameRequest?(): Promise<unknown>;
}

interface TransformEvent extends Event {
  readonly transformer: Transformer;
}

const senders = new Set<Transformer>();

const vault = new Vault(openVaultStore(), navigator.locks);
setInterval(() => void vault.stillUsed(Date.now()).catch(() => undefined), STILL_USED_MS);

const session = new Session(
  (changed) => tell({ changed }),
  () => {
    // Rejects for audio, and for a sender that has stopped meanwhile.
    for (const sender of senders) void sender.generateKeyFrame?.().catch(() => undefined);
    if ([...senders].some(({ generateKeyFrame }) => generateKeyFrame === undefined)) tell({ wanted: "key-frames" });
  },
  { nowMs: () => performance.now(), after },
  vault,
);

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

addEventListener("rtctransform", (event) => {
  const { transformer } = event as TransformEvent;
  const { options } = transformer;
  const frames = options.direction === "sent" ? session.sent(options.context) : session.received(options.mid);
  if (options.direction === "sent") senders.add(transformer);
  const stream = new TransformStream<EncodedFrame, EncodedFrame>({
    async transform(frame, controller) {
      const resumes = frames.tally.why !== undefined;
      if (!(await frames.take(frame))) return;
      // The decoder lacks what was stopped, and would wait before it asks.
      if (resumes && options.direction === "received") void transformer.sendKeyFrameRequest?.().catch(() => undefined);
      controller.enqueue(frame);
    },
  });
  // It ends with its sender or receiver, in one browser by an error.
  const ended = transformer.readable.pipeThrough(stream).pipeTo(transformer.writable);
  void ended.catch(() => undefined).finally(() => senders.delete(transformer));
});

addEventListener("message", (event: MessageEvent<Request>) => {
  void answer(event.data);
});

async function answer(request: Request): Promise<void> {
  const { id } = request;
  try {
    tell({ id, value: await ask(request.name, request.values) });
  } catch (error) {
    tell(error instanceof Refused ? { id, refused: error.reason } : { id, failed: String(error) });
  }
}

async function ask<Name extends Asked>(name: Name, values: Parameters<Session[Name]>): Promise<unknown> {
  const method = session[name] as (...values: Parameters<Session[Name]>) => unknown;
  return await method.apply(session, values);
}

function tell(message: FromWorker): void {
  postMessage(message);
}
