import { texts } from "../../i18n/index.ts";
import { Noise } from "../../media/noise.ts";
import { ProbePeer } from "../../media/probepeer.ts";
import { browserClock, openWebSocket } from "../../media/surroundings.ts";
import type { Invitation } from "../../protocol/connection.ts";
import { checkNetwork, type NetworkFigures, type Throughput } from "../../session/networkcheck.ts";
import { openProbing } from "../../session/probesignalling.ts";
import type { Finding, Findings } from "./finding.ts";

/** What the network is tried for, in the order in which it is told. */
export const NETWORK_LINES = [
  { id: "udp", name: () => texts.checkUdp },
  { id: "tcp", name: () => texts.checkTcp },
  { id: "up", name: () => texts.checkUp },
  { id: "down", name: () => texts.checkDown },
] as const;

/** Bits a second: for a camera's picture in the size of a tile and a voice, and for the smallest picture and a voice. */
const ENOUGH_FOR_SHARP = 1_000_000;
const ENOUGH_FOR_SMALL = 250_000;
const MUCH_LOSS = 0.05;
const ALMOST_ALL = 0.9;

/** Tries the network as a meeting would use it. */
export async function tryNetwork(invitation: Invitation | undefined): Promise<Findings> {
  try {
    const signalling = await openProbing(invitation, openWebSocket, browserClock);
    try {
      const makePeer = (): ProbePeer => new ProbePeer();
      return networkFindings(await checkNetwork(signalling, { clock: browserClock, makePeer, makePicture: () => new Noise() }));
    } finally {
      signalling.close();
    }
  } catch {
    return new Map(NETWORK_LINES.map(({ id }) => [id, { state: "untried", text: texts.checkNoPlace }]));
  }
}

/** What the figures mean, and what to do about them. */
export function networkFindings({ port, udp, tcp, throughput }: NetworkFigures): Findings {
  const works = (roundTripMs: number | undefined): Finding => {
    const text = roundTripMs === undefined ? texts.passed : texts.checkRoundTrip(Math.max(1, Math.round(roundTripMs)));
    return { state: "works", text };
  };
  const nothing = !udp.connects && !tcp.connects;
  const noUdp: Finding = nothing
    ? { state: "fails", text: texts.checkNoMedia(port) }
    : { state: "limited", text: texts.checkNoUdp(port) };
  const noTcp: Finding = nothing ? { state: "fails", text: texts.checkNoTcpEither } : { state: "limited", text: texts.checkNoTcp(port) };
  return new Map([
    ["udp", udp.connects ? works(udp.roundTripMs) : noUdp],
    ["tcp", tcp.connects ? works(tcp.roundTripMs) : noTcp],
    ["up", amount(throughput, "up")],
    ["down", amount(throughput, "down")],
  ]);
}

function amount(throughput: Throughput | undefined, way: "up" | "down"): Finding {
  if (throughput === undefined) return { state: "untried", text: texts.checkNoWay };
  const { up, down, computerBusy } = throughput;
  const rate = throughput[way];
  const kilobits = Math.round(rate / 1000);
  const loss = way === "up" ? throughput.lossUp : throughput.lossDown;
  if (rate < ENOUGH_FOR_SHARP && computerBusy) return { state: "limited", text: texts.checkBusyComputer(kilobits) };
  // What does not arrive can't come back.
  if (way === "down" && rate < ENOUGH_FOR_SHARP && down >= up * ALMOST_ALL) return { state: "works", text: texts.checkAllCameBack(kilobits) };
  if (rate < ENOUGH_FOR_SMALL) return { state: "fails", text: way === "up" ? texts.checkTooLittleUp(kilobits) : texts.checkTooLittleDown(kilobits) };
  if (loss >= MUCH_LOSS) return { state: "limited", text: texts.checkLoss(kilobits, String(Math.round(loss * 100))) };
  return rate >= ENOUGH_FOR_SHARP
    ? { state: "works", text: texts.checkEnough(kilobits) }
    : { state: "limited", text: texts.checkEnoughForSmall(kilobits) };
}
