import { ErrorCode } from "../../gen/conclave/v1/signalling_pb.js";
import { texts } from "../../i18n/index.ts";
import { SignallingError } from "../../protocol/errors.ts";

/** Why something about a poll did not work. */
export function reasonFor(error: Error): string {
  if (!(error instanceof SignallingError)) return texts.reasonNoConnection;
  return error.code === ErrorCode.LIMIT_EXCEEDED ? texts.reasonTooFast : error.message;
}
