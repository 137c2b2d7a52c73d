import assert from "node:assert/strict";
import { test } from "node:test";

import type { LinkSample } from "../../src/media/linkstatistics.ts";
import { LinkWatch, READING_MS } from "../../src/session/linkwatch.ts";
import { whenWoken } from "../../src/session/wake.ts";
import { UNUSED_LINK } from "../media/unusedlink.ts";
import { SimulatedClock } from "../protocol/simulated.ts";

/** A link that loses this share of what is sent; undefined while it is away. */
function watched(): { clock: SimulatedClock; watch: LinkWatch; network: { loss: number | undefined }; readings: () => number } {
  const clock = new SimulatedClock();
  const network: { loss: number | undefined } = { loss: 0 };
  let sample = UNUSED_LINK;
  let readings = 0;
  const read = async (): Promise<LinkSample | undefined> => {
    readings += 1;
    if (network.loss === undefined) return undefined;
    const packetsLostUp = sample.packetsLostUp + 100 * network.loss;
    sample = { ...sample, atMs: clock.now, packetsSent: sample.packetsSent + 100, packetsLostUp };
    return sample;
  };
  const watch = new LinkWatch({ sample: read, cameraOn: () => true }, clock);
  watch.start();
  return { clock, watch, network, readings: () => readings };
}

test("a lossy way up is shown, pauses the camera, and both end when it is well again", async () => {
  const { clock, watch, network } = watched();
  await clock.advance(4 * READING_MS);
  assert.equal(watch.quality.value.level, "good");
  network.loss = 0.3;
  await clock.advance(3 * READING_MS);
  for (const { value } of [watch.quality, watch.ownWay]) assert.deepEqual([value.level, value.reason], ["poor", "lossUp"]);
  assert.equal(watch.austerity.value.cameraPaused, true);
  network.loss = 0;
  await clock.advance(6 * READING_MS);
  assert.equal(watch.quality.value.level, "good");
  assert.equal(watch.austerity.value.cameraPaused, false);
});

test("the person brings a paused camera back", async () => {
  const { clock, watch, network } = watched();
  network.loss = 0.3;
  await clock.advance(6 * READING_MS);
  assert.equal(watch.austerity.value.cameraPaused, true);
  watch.sendCameraAnyway();
  await clock.advance(6 * READING_MS);
  assert.equal(watch.austerity.value.cameraPaused, false);
});

test("nothing is judged while no media flows, and nothing is read after the end", async () => {
  const { clock, watch, network, readings } = watched();
  await clock.advance(3 * READING_MS);
  network.loss = undefined;
  await clock.advance(READING_MS);
  assert.equal(watch.figures.value, undefined);
  watch.stop();
  const before = readings();
  await clock.advance(5 * READING_MS);
  assert.equal(readings(), before);
});

test("a gap between timers is sleep; a slow timer is not", async () => {
  const clock = new SimulatedClock();
  let slept = 0;
  let woken = 0;
  const end = whenWoken(clock, () => clock.now + slept, () => (woken += 1));
  await clock.advance(20_000);
  assert.equal(woken, 0);
  slept += 5_000;
  await clock.advance(4_000);
  assert.equal(woken, 0);
  slept += 3_600_000;
  await clock.advance(4_000);
  assert.equal(woken, 1);
  end();
  slept += 3_600_000;
  await clock.advance(10_000);
  assert.equal(woken, 1);
});
