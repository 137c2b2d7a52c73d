import { signal } from "@preact/signals";

import type { Role, RoomLink } from "../gen/conclave/v1/rooms_pb.js";
import type { Request, RequestBody } from "../protocol/connection.ts";
import { ConnectionLost, SignallingError } from "../protocol/errors.ts";
import type { Hands } from "./content/hands.ts";

/**
 * What a host decides about the others. The appliance refuses whoever is none. Each decision resolves with whether it
 * was carried out.
 */
export class Hosting {
  /** Why the last decision was not carried out; undefined when it was. */
  readonly problem = signal<Error | undefined>(undefined);
  readonly #request: Request;
  readonly #hands: Pick<Hands, "lower">;

  constructor(request: Request, hands: Pick<Hands, "lower">) {
    this.#request = request;
    this.#hands = hands;
  }

  admit(participantId: string): Promise<boolean> {
    return this.#carryOut({ case: "admit", value: { participantIds: [participantId] } });
  }

  admitAll(): Promise<boolean> {
    return this.#carryOut({ case: "admitAll", value: {} });
  }

  turnAway(participantId: string): Promise<boolean> {
    return this.#carryOut({ case: "turnAway", value: { participantIds: [participantId] } });
  }

  remove(participantId: string): Promise<boolean> {
    return this.#carryOut({ case: "remove", value: { participantId } });
  }

  mute(participantId: string): Promise<boolean> {
    return this.#carryOut({ case: "mute", value: { participantIds: [participantId] } });
  }

  /** Everybody but the hosts. */
  muteAll(): Promise<boolean> {
    return this.#carryOut({ case: "muteAll", value: {} });
  }

  setLock(locked: boolean): Promise<boolean> {
    return this.#carryOut({ case: "setLock", value: { locked } });
  }

  setRole(participantId: string, role: Role): Promise<boolean> {
    return this.#carryOut({ case: "setRole", value: { participantId, role } });
  }

  async lowerHand(participantId: string): Promise<boolean> {
    return (await this.#attempt(async () => (await this.#hands.lower(participantId), true))) ?? false;
  }

  endMeeting(): Promise<boolean> {
    return this.#carryOut({ case: "endMeeting", value: {} });
  }

  /** The room's own link; undefined when it has none or could not be told. */
  async link(): Promise<RoomLink | undefined> {
    const answer = await this.#attempt(() => this.#request({ case: "getLink", value: {} }));
    return answer?.case === "roomLink" && answer.value.url !== "" ? answer.value : undefined;
  }

  async #carryOut(body: RequestBody): Promise<boolean> {
    return (await this.#attempt(() => this.#request(body))) !== undefined;
  }

  async #attempt<T>(what: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await what();
      this.problem.value = undefined;
      return answer;
    } catch (error) {
      if (!(error instanceof SignallingError || error instanceof ConnectionLost)) throw error;
      this.problem.value = error;
      return undefined;
    }
  }
}
