import type { Context } from "../keys/kid.ts";
import type { Reason } from "../mls/refused.ts";
import type { FramesChanged, Session } from "./session.ts";

/** What the page may ask of the worker: the session's own methods. */
export type Asked =
  | "beat"
  | "enrol"
  | "leave"
  | "found"
  | "join"
  | "commit"
  | "abandon"
  | "process"
  | "announce"
  | "sealContent"
  | "openContent"
  | "forgetContent";

export interface Request<Name extends Asked = Asked> {
  readonly id: number;
  readonly name: Name;
  readonly values: Parameters<Session[Name]>;
}

/** One answer to each request, and what nobody asked for. */
export type FromWorker =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly refused: Reason }
  | { readonly id: number; readonly failed: string }
  | { readonly changed: FramesChanged }
  | { readonly wanted: "key-frames" };

/** What a transform is for: the options of its RTCRtpScriptTransform. */
export type TransformOptions =
  | { readonly direction: "sent"; readonly context: Context }
  | { readonly direction: "received"; readonly mid: string };
