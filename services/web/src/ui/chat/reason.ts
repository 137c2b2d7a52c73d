import { ErrorCode } from "../../gen/conclave/v1/signalling_pb.js";
import { texts } from "../../i18n/index.ts";
import { SignallingError } from "../../protocol/errors.ts";

/** Why the appliance did not do what was asked. */
export function reasonFor(error: Error): string {
  if (!(error instanceof SignallingError)) return texts.reasonNoConnection;
  return error.code === ErrorCode.LIMIT_EXCEEDED ? texts.reasonTooFast : error.message;
}
