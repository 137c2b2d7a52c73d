import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { SourceKind } from "../../src/gen/conclave/v1/meetings_pb.js";
import type { SentKind } from "../../src/media/peer.ts";
import { LocalMedia } from "../../src/session/local.ts";
import { FakeDevices, FakeTrack } from "../media/fakes.ts";

const { MICROPHONE, CAMERA, SCREEN, SCREEN_AUDIO } = SourceKind;

let told: Map<SentKind, MediaStreamTrack | null>;
let local: LocalMedia;

function arrive(devices: FakeDevices): LocalMedia {
  local = new LocalMedia(devices, (kind, track) => told.set(kind, track));
  local.start();
  return local;
}

/** Everything that was begun is over: the work is promises only. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const idOf = (kind: SentKind): string | undefined => told.get(kind)?.getSettings().deviceId;

beforeEach(() => {
  told = new Map();
});
afterEach(() => {
  const { wanted, noiseSuppression, screenContent } = local.preferences;
  local.close();
  for (const each of Object.values(wanted)) each.value = "";
  noiseSuppression.value = true;
  screenContent.value = "text";
});

test("microphone and camera are opened at once", async () => {
  arrive(new FakeDevices("microphone-1", "camera-1"));
  await settled();
  assert.equal(idOf(MICROPHONE), "microphone-1");
  assert.equal(idOf(CAMERA), "camera-1");
  assert.equal(local.microphoneProblem.value, undefined);
});

for (const [error, problem] of [
  ["NotAllowedError", "blocked"],
  ["SecurityError", "blocked"],
  ["NotReadableError", "busy"],
  ["AbortError", "busy"],
  ["NotFoundError", "missing"],
] as const) {
  test(`${error} means ${problem}, and one can still try again`, async () => {
    const devices = new FakeDevices("microphone-1", "camera-1");
    devices.refusals.set("video", error);
    arrive(devices);
    await settled();
    assert.equal(local.cameraProblem.value, problem);
    assert.equal(local.trackOf(CAMERA), null);
    assert.equal(idOf(MICROPHONE), "microphone-1", "the other device is not held up");
    devices.refusals.clear();
    await local.setCamera(true);
    assert.equal(local.cameraProblem.value, undefined);
    assert.equal(idOf(CAMERA), "camera-1");
  });
}

test("the wanted device is opened, and another where it is gone, without forgetting the wish", async () => {
  const devices = new FakeDevices("camera-1", "camera-2");
  local = arrive(devices);
  await settled();
  local.preferences.wanted.camera.value = "camera-2";
  await settled();
  assert.equal(idOf(CAMERA), "camera-2");
  assert.deepEqual(devices.live, ["camera-2"], "the one before is given back");
  local.preferences.wanted.camera.value = "camera-9";
  await settled();
  assert.equal(idOf(CAMERA), "camera-1");
  assert.equal(local.preferences.wanted.camera.value, "camera-9");
});

test("an unplugged device is followed by another, which is told, and by the wanted one when it returns", async () => {
  const devices = new FakeDevices("microphone-1", "microphone-2", "camera-1");
  local = arrive(devices);
  local.preferences.wanted.microphone.value = "microphone-2";
  await settled();
  devices.unplug("microphone-2");
  await settled();
  assert.equal(idOf(MICROPHONE), "microphone-1");
  assert.deepEqual(local.notice.value, { device: "microphone", nowUsing: "Microphone-1" });
  devices.plug("microphone-2");
  await settled();
  assert.equal(idOf(MICROPHONE), "microphone-2");
  assert.deepEqual(local.notice.value, { device: "microphone", nowUsing: "Microphone-2" });
});

test("a muted microphone stays muted when another takes its place", async () => {
  const devices = new FakeDevices("microphone-1", "microphone-2");
  local = arrive(devices);
  await settled();
  await local.setMicrophone(false);
  devices.unplug("microphone-1");
  await settled();
  assert.equal(local.microphoneOn.value, false);
  assert.equal(told.get(MICROPHONE), null);
  assert.deepEqual(devices.live, ["microphone-2"]);
  assert.equal(local.microphone.track.value?.enabled, false, "nothing of it gets anywhere");
});

test("the last device that is unplugged is missed, and not opened again by being plugged in", async () => {
  const devices = new FakeDevices("camera-1");
  local = arrive(devices);
  await settled();
  devices.unplug("camera-1");
  await settled();
  assert.equal(local.cameraProblem.value, "missing");
  assert.equal(told.get(CAMERA), null);
  devices.plug("camera-1");
  await settled();
  assert.equal(local.cameraProblem.value, undefined);
  assert.deepEqual(devices.live, []);
});

test("a device that ends while it is still there was taken away by the person, and is not asked for again", async () => {
  const devices = new FakeDevices("camera-1", "camera-2");
  local = arrive(devices);
  await settled();
  devices.opened.find(({ kind }) => kind === "video")?.end();
  await settled();
  assert.equal(local.cameraProblem.value, "stopped");
  assert.equal(devices.opened.length, 1);
});

test("a device that gives nothing for a while is told, until it gives again", async () => {
  const devices = new FakeDevices("camera-1");
  local = arrive(devices);
  await settled();
  devices.opened[0]?.withhold(true);
  assert.equal(local.cameraDevice.withheld.value, true);
  devices.opened[0]?.withhold(false);
  assert.equal(local.cameraDevice.withheld.value, false);
});

test("who lets go before the microphone is open is not heard afterwards", async () => {
  const devices = new FakeDevices("microphone-1");
  let open: () => void = () => undefined;
  devices.gate = new Promise((resolve) => {
    open = resolve;
  });
  local = new LocalMedia(devices, (kind, track) => {
    if (kind === MICROPHONE) assert.equal(track, null, "the microphone was sent");
    told.set(kind, track);
  });
  const on = local.setMicrophone(true);
  const off = local.setMicrophone(false);
  open();
  await Promise.all([on, off]);
  assert.equal(local.microphoneOn.value, false);
  assert.equal(local.microphone.track.value?.enabled, false);
});

test("a device that answers only after the page was left is given back", async () => {
  const devices = new FakeDevices("microphone-1", "camera-1");
  let open: () => void = () => undefined;
  devices.gate = new Promise((resolve) => {
    open = resolve;
  });
  arrive(devices);
  local.close();
  open();
  await settled();
  assert.equal(devices.opened.length, 2);
  assert.deepEqual(devices.live, []);
});

test("how sound is processed follows the settings at once", async () => {
  const devices = new FakeDevices("microphone-1");
  local = arrive(devices);
  await settled();
  local.preferences.noiseSuppression.value = false;
  await settled();
  const { echoCancellation, noiseSuppression } = devices.opened.at(-1)?.constraints ?? {};
  assert.deepEqual({ echoCancellation, noiseSuppression }, { echoCancellation: true, noiseSuppression: false });
  assert.equal(devices.live.length, 1);
});

test("the speaker falls back to the system's while the wanted one is gone", async () => {
  const devices = new FakeDevices("microphone-1", "speaker-1", "speaker-2");
  local = arrive(devices);
  local.preferences.wanted.speaker.value = "speaker-2";
  await settled();
  assert.equal(local.devices.speakerId.value, "speaker-2");
  devices.unplug("speaker-2");
  await settled();
  assert.equal(local.devices.speakerId.value, "");
  assert.equal(local.notice.value?.device, "speaker");
});

test("a shared screen is told with its sound, as text or motion, until the browser ends it", async () => {
  const devices = new FakeDevices();
  const [video, audio] = [new FakeTrack("video", "screen", "Screen"), new FakeTrack("audio", "screen", "Screen")];
  devices.screen = { tracks: [video, audio] };
  local = arrive(devices);
  await local.setScreen(true);
  assert.equal(told.get(SCREEN), video);
  assert.equal(told.get(SCREEN_AUDIO), audio);
  assert.equal(video.contentHint, "text");
  assert.equal((devices.screenOptions as { selfBrowserSurface?: string }).selfBrowserSurface, "exclude");
  local.preferences.screenContent.value = "motion";
  await settled();
  assert.equal(video.contentHint, "motion");
  assert.deepEqual(video.constraints.frameRate, { max: 30 });
  video.end();
  await settled();
  assert.equal(told.get(SCREEN), null);
  assert.equal(told.get(SCREEN_AUDIO), null);
  assert.equal(audio.readyState, "ended");
});

test("who chooses nothing to share shares nothing", async () => {
  local = arrive(new FakeDevices());
  await local.setScreen(true);
  assert.equal(local.screen.value, undefined);
  assert.ok(!told.has(SCREEN));
});

test("a telephone's other camera is no mirror, and is remembered", async () => {
  const devices = new FakeDevices("microphone-1", "camera-front", "camera-back");
  arrive(devices);
  await settled();
  assert.equal(local.cameraMirrored.value, true);
  local.switchCamera();
  await settled();
  assert.equal(idOf(CAMERA), "camera-back");
  assert.deepEqual(devices.live, ["microphone-1", "camera-back"], "one camera at a time");
  assert.equal(local.cameraMirrored.value, false);
  assert.equal(local.preferences.wanted.camera.value, "camera-back");
  local.switchCamera();
  await settled();
  assert.equal(idOf(CAMERA), "camera-front");
});
