import { expect } from "../../protocol/answers.ts";
import type { Request } from "../../protocol/connection.ts";
import type { Delivery } from "./ports.ts";

/** The delivery service, over a connection. */
export function delivery(request: Request): Delivery {
  return {
    enter: async (keyPackage, stuck) => {
      await request({ case: "enterGroup", value: { keyPackage, stuck } });
    },
    found: async (groupId) => {
      await request({ case: "foundGroup", value: { groupId } });
    },
    send: async (groupId, { message, welcome }) => {
      const value = { groupId, message, welcome: welcome ?? new Uint8Array() };
      await request({ case: "sendHandshake", value });
    },
    read: async (groupId, afterSequence) => {
      const value = { groupId: groupId ?? new Uint8Array(), afterSequence };
      return expect(await request({ case: "readHandshakes", value }), "handshakes").value;
    },
  };
}
