import assert from "node:assert/strict";
import { test } from "node:test";

import type { Device } from "../../src/media/devices.ts";
import { nextCamera } from "../../src/session/nextcamera.ts";

const front: Device = { id: "front", label: "Front", facing: "user" };
const wide: Device = { id: "wide", label: "Back, wide", facing: "environment" };
const far: Device = { id: "far", label: "Back, far", facing: "environment" };
const unknown: Device = { id: "unknown", label: "USB" };

test("a telephone goes between its sides, whatever lenses one of them has", () => {
  const cameras = [far, wide, front];
  assert.equal(nextCamera(cameras, "front"), far);
  assert.equal(nextCamera(cameras, "far"), front);
  assert.equal(nextCamera(cameras, "wide"), front);
});

test("where no side is known, each camera has its turn", () => {
  const cameras = [unknown, { ...unknown, id: "second" }, { ...unknown, id: "third" }];
  assert.equal(nextCamera(cameras, "unknown")?.id, "second");
  assert.equal(nextCamera(cameras, "third")?.id, "unknown");
  assert.equal(nextCamera([wide, far], "wide"), far);
});

test("a camera that is in no list gives way to the first, and none to none", () => {
  assert.equal(nextCamera([front, wide], "gone"), front);
  assert.equal(nextCamera([front], "front"), undefined);
  assert.equal(nextCamera([], ""), undefined);
});
