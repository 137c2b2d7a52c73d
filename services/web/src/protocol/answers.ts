import { ErrorCode, type ServerMessage } from "../gen/conclave/v1/signalling_pb.js";
import { SignallingError } from "./errors.ts";

type Body = ServerMessage["body"];
/** The body of one kind. */
type BodyOf<C extends Body["case"]> = Extract<Body, { case: C }>;

/** The answer, when it is one of those that belong to the request. */
export function expect<C extends NonNullable<Body["case"]>>(body: Body, ...wanted: readonly C[]): BodyOf<C> {
  if (!isOneOf(body, wanted)) {
    throw new SignallingError(ErrorCode.INTERNAL, `expected ${wanted.join(" or ")}, got ${body.case}`);
  }
  return body;
}

function isOneOf<C extends NonNullable<Body["case"]>>(body: Body, wanted: readonly C[]): body is BodyOf<C> {
  return wanted.some((each) => each === body.case);
}
