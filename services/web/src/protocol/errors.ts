import { ErrorCode } from "../gen/conclave/v1/signalling_pb.js";

/** A request that the appliance answered with Error, or a connection that it refused. */
export class SignallingError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = "SignallingError";
    this.code = code;
  }
}

/** A request whose connection was lost before its answer came. Whether it was carried out is unknown. */
export class ConnectionLost extends Error {
  constructor() {
    super("the connection was lost before the answer came");
    this.name = "ConnectionLost";
  }
}

/** Errors after which connecting again with the same credential cannot help. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.VERSION_MISMATCH,
  ErrorCode.INVITE_INVALID,
  ErrorCode.INVITE_EXPIRED,
  ErrorCode.INVITE_REVOKED,
  ErrorCode.ROOM_FULL,
  ErrorCode.PERMISSION_DENIED,
  ErrorCode.REPLACED,
  ErrorCode.MEETING_LOCKED,
  ErrorCode.MEMBERS_ONLY,
  ErrorCode.REMOVED,
]);

/** Tells whether connecting again after this error is pointless. */
export function isFinal(code: ErrorCode): boolean {
  return FINAL.has(code);
}
