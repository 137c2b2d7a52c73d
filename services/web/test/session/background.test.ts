import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { SourceKind } from "../../src/gen/conclave/v1/meetings_pb.js";
import type { BlurCamera } from "../../src/media/blur/camera.ts";
import type { BlurTrouble } from "../../src/media/blur/watch.ts";
import { LocalMedia } from "../../src/session/local.ts";
import { FakeDevices, FakeTrack } from "../media/fakes.ts";

class Blurred {
  readonly camera: string;
  readonly track: MediaStreamTrack;
  readonly troubled: (why: BlurTrouble) => void;
  readonly readings: boolean[] = [];
  closed = false;

  constructor(camera: MediaStreamTrack, troubled: (why: BlurTrouble) => void) {
    this.camera = camera.getSettings().deviceId ?? "";
    this.track = new FakeTrack("video", `blurred ${this.camera}`, "") as unknown as MediaStreamTrack;
    this.troubled = troubled;
  }

  encoderRead(starved: boolean): void {
    this.readings.push(starved);
  }

  close(): void {
    this.closed = true;
  }
}

let blurred: Blurred[];
/** All that the camera has sent, in turn; undefined for nothing. */
let sent: (string | undefined)[];
let local: LocalMedia;

const blur: BlurCamera = (camera, troubled) => {
  const by = new Blurred(camera, troubled);
  blurred.push(by);
  return by;
};

function arrive(devices: FakeDevices, how: BlurCamera = blur): void {
  const heard = (kind: SourceKind, track: MediaStreamTrack | null): void => {
    if (kind === SourceKind.CAMERA) sent.push(track?.getSettings().deviceId);
  };
  local = new LocalMedia(devices, heard, how);
  local.preferences.blurBackground.value = true;
  local.start();
}

/** Everything that was begun is over: the work is promises only. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  blurred = [];
  sent = [];
});
afterEach(() => {
  local.close();
  local.preferences.blurBackground.value = false;
  local.preferences.wanted.camera.value = "";
});

const clear = (): (string | undefined)[] => sent.filter((id) => id?.startsWith("camera") === true);

test("it is off by default, and the camera is sent as it is", async () => {
  arrive(new FakeDevices("camera-1"));
  assert.equal(new LocalMedia(new FakeDevices(), () => undefined, blur).preferences.blurBackground.value, false);
  local.preferences.blurBackground.value = false;
  await settled();
  assert.deepEqual([sent.at(-1), blurred.length], ["camera-1", 0]);
});

test("what is sent is blurred from the first moment", async () => {
  arrive(new FakeDevices("camera-1"));
  await settled();
  assert.deepEqual(sent, ["blurred camera-1"]);
  assert.equal(local.camera.value, blurred[0]?.track, "and what is shown is the same");
});

test("it is switched on and off in the meeting", async () => {
  arrive(new FakeDevices("camera-1"));
  await settled();
  local.preferences.blurBackground.value = false;
  local.preferences.blurBackground.value = true;
  assert.deepEqual(sent, ["blurred camera-1", "camera-1", "blurred camera-1"]);
  assert.deepEqual(blurred.map(({ closed }) => closed), [true, false]);
});

test("another camera stays blurred", async () => {
  arrive(new FakeDevices("camera-1", "camera-2"));
  await settled();
  local.preferences.wanted.camera.value = "camera-2";
  await settled();
  assert.deepEqual(sent, ["blurred camera-1", "blurred camera-2"]);
  assert.deepEqual(blurred.map(({ closed }) => closed), [true, false]);
});

test("a camera that follows an unplugged one stays blurred", async () => {
  const devices = new FakeDevices("camera-1", "camera-2");
  arrive(devices);
  await settled();
  devices.unplug("camera-1");
  await settled();
  assert.equal(sent.at(-1), "blurred camera-2");
  assert.deepEqual(clear(), []);
});

test("nothing is blurred while the camera is off", async () => {
  arrive(new FakeDevices("camera-1"));
  await settled();
  await local.setCamera(false);
  assert.equal(sent.at(-1), undefined);
  assert.equal(blurred[0]?.closed, true);
});

for (const why of ["slow", "failed"] as const) {
  test(`when it is ${why}, the camera goes off at once, and the room is never sent`, async () => {
    const devices = new FakeDevices("camera-1");
    arrive(devices);
    await settled();
    blurred[0]?.troubled(why);
    assert.equal(sent.at(-1), undefined);
    assert.equal(local.background.trouble.value, why);
    await settled();
    assert.equal(local.preferences.blurBackground.value, false);
    assert.deepEqual([clear(), devices.live, local.camera.value], [[], [], undefined]);
    await local.setCamera(true);
    assert.equal(sent.at(-1), "camera-1", "only the person turns it on again");
    assert.equal(local.background.trouble.value, why, "who has not read it still can");
  });
}

test("a camera that is being exchanged when it is given up is not sent either", async () => {
  const devices = new FakeDevices("camera-1", "camera-2");
  arrive(devices);
  await settled();
  let open: () => void = () => undefined;
  devices.gate = new Promise((resolve) => {
    open = resolve;
  });
  local.preferences.wanted.camera.value = "camera-2";
  await settled();
  blurred[0]?.troubled("slow");
  await settled();
  open();
  await settled();
  assert.deepEqual([clear(), devices.live, sent.at(-1)], [[], [], undefined]);
  assert.equal(local.preferences.blurBackground.value, false);
});

test("a browser that can't do it sends nothing, and says so", async () => {
  arrive(new FakeDevices("camera-1"), () => {
    throw new Error("this browser draws nothing");
  });
  await settled();
  assert.deepEqual([clear(), local.camera.value], [[], undefined]);
  assert.deepEqual([local.background.trouble.value, local.preferences.blurBackground.value], ["failed", false]);
});

test("it hears what the encoder says of itself", async () => {
  arrive(new FakeDevices("camera-1"));
  await settled();
  local.background.encoderRead(true);
  assert.deepEqual(blurred[0]?.readings, [true]);
});
