import { ErrorCode } from "../gen/conclave/v1/signalling_pb.js";
import { figuresBetween, type LinkFigures, type LinkSample } from "../media/linkstatistics.ts";
import { portOf, type Carrier } from "../media/probepeer.ts";
import { SignallingError } from "../protocol/errors.ts";
import type { Clock } from "../protocol/ports.ts";
import type { ProbeSignalling } from "./probesignalling.ts";

/** What one carrier does. */
export interface Path {
  readonly connects: boolean;
  readonly roundTripMs: number | undefined;
}

/** What was measured of the network, on the first path that connects. */
export interface Throughput {
  readonly carrier: Carrier;
  /** What arrived at the appliance, and what came back of it, bits a second. */
  readonly up: number;
  readonly down: number;
  /** Shares from 0 to 1, of so little that the network is not filled by it. */
  readonly lossUp: number;
  readonly lossDown: number;
  /** Whether the computer itself, not the network, sent less than it should. */
  readonly computerBusy: boolean;
}

export interface NetworkFigures {
  readonly port: number;
  readonly udp: Path;
  readonly tcp: Path;
  /** Undefined when no path connects. */
  readonly throughput: Throughput | undefined;
}

export interface CheckedPeer {
  offer(): Promise<string>;
  connects(answer: string, carrier: Carrier, timeoutMs: number): Promise<boolean>;
  send(track: MediaStreamTrack, bitrate: number): Promise<void>;
  sample(): Promise<LinkSample>;
  close(): void;
}

export interface CheckedPicture {
  readonly track: MediaStreamTrack;
  readonly drawn: number;
  stop(): void;
}

/** What the check needs from its surroundings. */
export interface CheckSurroundings {
  readonly clock: Clock;
  readonly makePeer: () => CheckedPeer;
  readonly makePicture: () => CheckedPicture;
}

const CONNECT_TIMEOUT_MS = 6000;
/** A voice and the smallest picture; and as much as a camera sends in all its layers. Bits a second. */
const LITTLE = 400_000;
const MUCH = 3_000_000;
/** The sender hears once a second what arrived. Together with connecting well under the 20 s of a probe. */
const LITTLE_MS = 3000;
const RISE_MS = 2000;
const MUCH_MS = 3000;
/** From here on more was sent than the network carries. */
const OVERFULL_LOSS = 0.05;
const LEAST_FRAMES_PER_SECOND = 10;
/** While others try the network. */
const BUSY_WAIT_MS = 3000;
const BUSY_ATTEMPTS = 8;

interface Leg {
  readonly port: number;
  readonly path: Path;
  readonly throughput: Throughput | undefined;
}

/** Tries UDP, TCP and how much gets through, one after the other. Rejects when the appliance has no place for it. */
export async function checkNetwork(signalling: ProbeSignalling, surroundings: CheckSurroundings): Promise<NetworkFigures> {
  const udp = await tryCarrier("udp", true, signalling, surroundings);
  const tcp = await tryCarrier("tcp", !udp.path.connects, signalling, surroundings);
  return { port: udp.port, udp: udp.path, tcp: tcp.path, throughput: udp.throughput ?? tcp.throughput };
}

async function tryCarrier(carrier: Carrier, measures: boolean, signalling: ProbeSignalling, surroundings: CheckSurroundings): Promise<Leg> {
  const peer = surroundings.makePeer();
  try {
    const answer = await beginWhenFree(signalling, await peer.offer(), surroundings.clock);
    const connects = await peer.connects(answer, carrier, CONNECT_TIMEOUT_MS);
    const throughput = connects && measures ? await measure(carrier, peer, surroundings) : undefined;
    const roundTripMs = connects ? (await peer.sample()).roundTripMs : undefined;
    await signalling.end().catch(() => undefined); // It ends by itself too.
    return { port: portOf(answer), path: { connects, roundTripMs }, throughput };
  } finally {
    peer.close();
  }
}

async function beginWhenFree(signalling: ProbeSignalling, offer: string, clock: Clock): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await signalling.begin(offer);
    } catch (error) {
      const isBusy = error instanceof SignallingError && error.code === ErrorCode.LIMIT_EXCEEDED;
      if (!isBusy || attempt === BUSY_ATTEMPTS) throw error;
      await wait(clock, BUSY_WAIT_MS);
    }
  }
}

/** First a little, whose losses are the network's own, and then so much that what arrives is what the network carries. */
async function measure(carrier: Carrier, peer: CheckedPeer, { clock, makePicture }: CheckSurroundings): Promise<Throughput> {
  const picture = makePicture();
  const figuresOf = async (ms: number): Promise<LinkFigures> => {
    const before = await peer.sample();
    await wait(clock, ms);
    return figuresBetween(before, await peer.sample());
  };
  try {
    await peer.send(picture.track, LITTLE);
    const little = await figuresOf(LITTLE_MS);
    await peer.send(picture.track, MUCH);
    await wait(clock, RISE_MS);
    const drawnBefore = picture.drawn;
    const much = await figuresOf(MUCH_MS);
    const framesPerSecond = ((picture.drawn - drawnBefore) * 1000) / MUCH_MS;
    return throughputOf(carrier, little, much, framesPerSecond);
  } finally {
    picture.stop();
  }
}

/** The sender hears of losses late, and counts what it repeats: what comes back tells better what has arrived. */
function arrived({ lossUp, sending, receiving }: LinkFigures): number {
  return lossUp < OVERFULL_LOSS ? sending : Math.min(sending, receiving);
}

/** The better of the two: once too much is lost, a browser may send far less than the network carries (Firefox does). */
function throughputOf(carrier: Carrier, little: LinkFigures, much: LinkFigures, framesPerSecond: number): Throughput {
  return {
    carrier,
    up: Math.max(arrived(little), arrived(much)),
    down: Math.max(little.receiving, much.receiving),
    lossUp: little.lossUp,
    // What was lost on the way up is missing on the way down too.
    lossDown: Math.max(0, little.lossDown - little.lossUp),
    computerBusy: much.limitation === "cpu" || framesPerSecond < LEAST_FRAMES_PER_SECOND,
  };
}

function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
