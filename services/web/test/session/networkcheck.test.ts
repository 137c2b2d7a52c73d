import assert from "node:assert/strict";
import { test } from "node:test";

import { ErrorCode } from "../../src/gen/conclave/v1/signalling_pb.js";
import type { Carrier } from "../../src/media/probepeer.ts";
import { ConnectionLost, SignallingError } from "../../src/protocol/errors.ts";
import { checkNetwork, type CheckedPeer, type NetworkFigures } from "../../src/session/networkcheck.ts";
import type { ProbeSignalling } from "../../src/session/probesignalling.ts";
import { UNUSED_LINK } from "../media/unusedlink.ts";
import { settled, SimulatedClock } from "../protocol/simulated.ts";

const ANSWER = "a=candidate:1 1 udp 1 192.0.2.7 10001 typ host\r\n";
interface World {
  readonly clock: SimulatedClock;
  readonly passes: ReadonlySet<Carrier>;
  /** What fits through on the way up and on the way down, bits a second; and the share that is lost on the way up besides. */
  readonly upFits: number;
  readonly downFits: number;
  readonly loss: number;
  /** What the sender sends once it was allowed more than fits. */
  readonly frightened: number;
  /** Pictures that the computer draws a second. */
  readonly drawn: number;
  /** What was done, in order. */
  readonly done: string[];
}

function world(changes: Partial<World> = {}): World {
  return { clock: new SimulatedClock(), passes: new Set<Carrier>(["udp", "tcp"]), upFits: Infinity, downFits: Infinity, loss: 0, frightened: Infinity, drawn: 20, done: [], ...changes };
}

/** Sends as much as it may, in packets of 1000 bits. */
function peerIn({ clock, passes, upFits, downFits, loss, frightened, done }: World): CheckedPeer {
  let since = 0;
  let bitrate = 0;
  let before = { sent: 0, arrived: 0, back: 0 };
  const count = (): typeof before => {
    const bits = (rate: number): number => (rate * (clock.now - since)) / 1000;
    const arriving = Math.min(bitrate, upFits) * (1 - loss);
    return {
      sent: before.sent + bits(bitrate),
      arrived: before.arrived + bits(arriving),
      back: before.back + bits(Math.min(arriving, downFits)),
    };
  };
  return {
    offer: async () => "offer",
    connects: async (_answer, carrier) => passes.has(carrier),
    send: async (_track, allowed) => {
      before = count();
      [since, bitrate] = [clock.now, allowed > upFits ? Math.min(allowed, frightened) : allowed];
      done.push("send");
    },
    sample: async () => {
      const { sent, arrived, back } = count();
      return {
        ...UNUSED_LINK,
        atMs: clock.now,
        roundTripMs: 20,
        bytesSent: sent / 8,
        packetsSent: sent / 1000,
        packetsLostUp: (sent - arrived) / 1000,
        bytesReceived: back / 8,
        packetsReceived: back / 1000,
        packetsLostDown: (sent - back) / 1000,
      };
    },
    close: () => void done.push("close"),
  };
}

function signallingIn({ done }: World, begin: () => Promise<string> = async () => ANSWER): ProbeSignalling {
  return {
    begin: () => {
      done.push("begin");
      return begin();
    },
    end: async () => void done.push("end"),
    close: () => undefined,
  };
}

async function figuresIn(world: World, signalling = signallingIn(world)): Promise<NetworkFigures> {
  const { clock } = world;
  const makePicture = () => ({
    track: {} as MediaStreamTrack,
    get drawn() {
      return (clock.now * world.drawn) / 1000;
    },
    stop: () => void world.done.push("stop"),
  });
  const figures = checkNetwork(signalling, { clock, makePeer: () => peerIn(world), makePicture });
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  figures.then(done, done);
  while (!isDone && clock.now < 60_000) {
    await settled();
    await clock.advance(100);
  }
  return figures;
}

test("both ways are tried, and how much gets through on UDP", async () => {
  const here = world();
  const { port, udp, tcp, throughput } = await figuresIn(here);
  assert.deepEqual([port, udp, tcp], [10001, { connects: true, roundTripMs: 20 }, { connects: true, roundTripMs: 20 }]);
  assert.deepEqual(throughput, { carrier: "udp", up: 3_000_000, down: 3_000_000, lossUp: 0, lossDown: 0, computerBusy: false });
  assert.deepEqual(here.done, ["begin", "send", "send", "stop", "end", "close", "begin", "end", "close"]);
});

test("without UDP, what gets through is measured over TCP", async () => {
  const { udp, tcp, throughput } = await figuresIn(world({ passes: new Set<Carrier>(["tcp"]) }));
  assert.deepEqual([udp.connects, tcp.connects, throughput?.carrier], [false, true, "tcp"]);
});

test("where nothing gets through, nothing is measured", async () => {
  const here = world({ passes: new Set<Carrier>() });
  const { udp, tcp, throughput } = await figuresIn(here);
  assert.deepEqual([udp.connects, tcp.connects, throughput], [false, false, undefined]);
  assert.deepEqual(here.done, ["begin", "end", "close", "begin", "end", "close"]);
});

test("what a narrow network drops of too much is no loss of its own", async () => {
  const up = (await figuresIn(world({ upFits: 600_000 }))).throughput;
  assert.deepEqual([up?.up, up?.down, up?.lossUp, up?.lossDown], [600_000, 600_000, 0, 0]);
  const down = (await figuresIn(world({ downFits: 600_000 }))).throughput;
  assert.deepEqual([down?.up, down?.down, down?.lossUp, down?.lossDown], [3_000_000, 600_000, 0, 0]);
});

test("a sender that too much has frightened does not make the network seem narrower than it is", async () => {
  const { throughput } = await figuresIn(world({ upFits: 600_000, frightened: 100_000 }));
  assert.deepEqual([throughput?.up, throughput?.down], [400_000, 400_000]);
});

test("what a network loses of a little is its own loss, and counted for one way", async () => {
  const { throughput } = await figuresIn(world({ loss: 0.25 }));
  assert.deepEqual([throughput?.up, throughput?.lossUp, throughput?.lossDown], [2_250_000, 0.25, 0]);
});

test("a computer that draws too few pictures is told", async () => {
  assert.equal((await figuresIn(world({ drawn: 5 }))).throughput?.computerBusy, true);
});

test("while others try the network it waits for a place, and gives up after a while", async () => {
  const full = (): SignallingError => new SignallingError(ErrorCode.LIMIT_EXCEEDED, "full");
  let refusals = 3;
  const here = world();
  const free = signallingIn(here, async () => {
    refusals -= 1;
    if (refusals >= 0) throw full();
    return ANSWER;
  });
  assert.equal((await figuresIn(here, free)).udp.connects, true);
  const there = world();
  const never = figuresIn(there, signallingIn(there, () => Promise.reject(full())));
  await assert.rejects(never, { name: "SignallingError" });
  assert.equal(there.done.filter((each) => each === "begin").length, 8);
});

test("what is no lack of places is not tried again, and the peer is closed", async () => {
  const here = world();
  await assert.rejects(figuresIn(here, signallingIn(here, () => Promise.reject(new ConnectionLost()))), { name: "ConnectionLost" });
  assert.deepEqual(here.done, ["begin", "close"]);
});
