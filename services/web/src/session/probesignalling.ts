import { expect } from "../protocol/answers.ts";
import { Connection, type Invitation, type Stranger } from "../protocol/connection.ts";
import type { Clock, OpenSocket } from "../protocol/ports.ts";

/** What probing needs of signalling. */
export interface ProbeSignalling {
  /** Makes a probe in place of the one before; resolves with the SDP answer. Rejects with SignallingError or ConnectionLost. */
  begin(offer: string): Promise<string>;
  end(): Promise<void>;
  close(): void;
}

const OPEN_TIMEOUT_MS = 8000;
const STRANGER: Stranger = { case: undefined };

/** Opens signalling for probes, with the invite if there is one that the appliance takes. Rejects when it can't be had. */
export async function openProbing(invitation: Invitation | undefined, openSocket: OpenSocket, clock: Clock): Promise<ProbeSignalling> {
  if (invitation !== undefined) {
    try {
      return await open(invitation, openSocket, clock);
    } catch {
      // An invite whose time is over is no reason not to look at the network.
    }
  }
  return open(STRANGER, openSocket, clock);
}

function open(credential: Invitation | Stranger, openSocket: OpenSocket, clock: Clock): Promise<ProbeSignalling> {
  return new Promise((resolve, reject) => {
    const fail = (): void => {
      cancelTimeout();
      connection.close();
      reject(new Error("signalling could not be opened"));
    };
    const opened = (): void => {
      cancelTimeout();
      resolve(overConnection(connection));
    };
    const handlers = {
      credential: () => credential,
      opened,
      lost: () => connection.close(),
      event: () => undefined,
      sessionLost: () => undefined,
      refused: fail,
    };
    const connection = new Connection(openSocket, clock, handlers, ["lobby", "probe"]);
    const cancelTimeout = clock.after(OPEN_TIMEOUT_MS, fail);
    connection.open();
  });
}

function overConnection(connection: Connection): ProbeSignalling {
  return {
    begin: async (offer) => expect(await connection.request({ case: "probe", value: { sdp: offer } }), "answer").value.sdp,
    end: async () => void (await connection.request({ case: "endProbe", value: {} })),
    close: () => connection.close(),
  };
}
