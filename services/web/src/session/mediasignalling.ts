import { expect } from "../protocol/answers.ts";
import type { Request } from "../protocol/connection.ts";
import type { MediaSignalling } from "./medialink.ts";

/** What the media needs, over a connection. */
export function mediaSignalling(request: Request, isOpen: () => boolean, check: () => void): MediaSignalling {
  return {
    isOpen,
    check,
    offer: async (offer, iceRestart) => {
      const body = { sdp: offer.sdp, sources: offer.sources.map((source) => ({ ...source })), iceRestart };
      return expect(await request({ case: "offer", value: body }), "answer").value;
    },
    setSlots: (assignments) =>
      request({ case: "setSlots", value: { slots: assignments.map((slot) => ({ ...slot })) } }),
  };
}
