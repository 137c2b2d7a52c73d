import assert from "node:assert/strict";

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import { ServerMessageSchema } from "../../../src/gen/conclave/v1/signalling_pb.js";
import type { AnswerBody, Request, RequestBody } from "../../../src/protocol/connection.ts";
import { settled } from "../../protocol/simulated.ts";

/** A request that waits for the test's answer. */
export interface Asked {
  readonly body: RequestBody;
  readonly answer: (body: MessageInitShape<typeof ServerMessageSchema>["body"]) => Promise<void>;
  readonly fail: (error: Error) => Promise<void>;
}

/** Requests that the test answers; take: gives the oldest one, which has to be of this kind. */
export function askedBy(): { request: Request; asked: Asked[]; take: (kind: RequestBody["case"]) => Asked } {
  const asked: Asked[] = [];
  const request = (body: RequestBody): Promise<AnswerBody> =>
    new Promise((resolve, reject) => {
      asked.push({
        body,
        answer: async (answer) => {
          resolve(create(ServerMessageSchema, { body: answer as NonNullable<typeof answer> }).body);
          await settled();
        },
        fail: async (error) => {
          reject(error);
          await settled();
        },
      });
    });
  const take = (kind: RequestBody["case"]): Asked => {
    const first = asked.shift();
    assert.equal(first?.body.case, kind);
    return first as Asked;
  };
  return { request, asked, take };
}
