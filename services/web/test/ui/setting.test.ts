import assert from "node:assert/strict";
import { test } from "node:test";

import { signal } from "@preact/signals";

import { SourceKind } from "../../src/gen/conclave/v1/meetings_pb.js";
import type { Roster } from "../../src/protocol/roster.ts";
import { Setting, type Place } from "../../src/ui/setting.ts";
import { View } from "../../src/ui/view.ts";
import { SimulatedClock } from "../protocol/simulated.ts";
import { crowd, LAPTOP, person, roster } from "./meeting.ts";

const PLACE: Place = { ...LAPTOP, pixelRatio: 1, visible: true };

function make(first: Roster) {
  const meeting = signal<Roster | undefined>(first);
  const view = new View();
  const clock = new SimulatedClock();
  const setting = new Setting(meeting, view, clock);
  setting.place.value = PLACE;
  const shown = (): string[] => setting.scene.value.placed.map(({ tile }) => tile.key);
  return { meeting, view, clock, setting, shown };
}

test("every picture on the page is asked for, and none off it", () => {
  const { view, setting } = make(roster(...crowd(60), person("me", SourceKind.CAMERA)));
  assert.equal(setting.wishes.value.length, 49);
  view.page.value = 1;
  assert.deepEqual(setting.wishes.value.map((wish) => wish.sourceId).sort(), [...crowd(60)].slice(49).map(({ id }) => `${id}/camera`).sort());
});

test("a hidden page asks for no picture", () => {
  const { setting } = make(roster(...crowd(3), person("me")));
  setting.place.value = { ...PLACE, visible: false };
  assert.deepEqual(setting.wishes.value, []);
});

test("a hidden page with a small window asks for its picture alone", () => {
  const { view, setting } = make(roster(...crowd(3), person("me")));
  setting.place.value = { ...PLACE, visible: false };
  view.smallWindow.isOpen.value = true;
  assert.deepEqual(setting.wishes.value, [{ sourceId: "p0/camera", maxHeight: 270 }]);
});

test("who speaks off the page comes in and stays when silent again", () => {
  const first = roster(...crowd(60), person("me"));
  const { meeting, shown } = make(first);
  const before = shown();
  assert.ok(!before.includes("p55"));
  meeting.value = { ...first, speakerIds: ["p55"] };
  const during = shown();
  assert.ok(during.includes("p55"));
  assert.equal(during.filter((key, index) => key !== before[index]).length, 1);
  meeting.value = first;
  assert.deepEqual(shown(), during);
});

test("the speaker view follows steady speech, and a pin holds it", async () => {
  const first = roster(...crowd(5), person("me"));
  const { meeting, view, clock, setting } = make(first);
  view.toggleLayout();
  meeting.value = { ...first, speakerIds: ["p3"] };
  assert.equal(setting.scene.value.mainKey, "p0");
  await clock.advance(1500);
  assert.equal(setting.scene.value.mainKey, "p3");
  view.togglePin("p1");
  assert.equal(setting.scene.value.mainKey, "p1");
});

test("a shared screen is large, unless the person wants the grid, until it ends", () => {
  const people = [...crowd(3), person("me")];
  const { meeting, view, setting } = make(roster(...people));
  assert.equal(setting.scene.value.mainKey, undefined);
  meeting.value = roster(...people, person("s", SourceKind.SCREEN));
  assert.equal(setting.scene.value.mainKey, "s/screen");
  view.toggleLayout();
  assert.equal(setting.scene.value.mainKey, undefined);
  assert.equal(setting.scene.value.placed[0]?.tile.key, "s/screen");
  meeting.value = roster(...people);
  meeting.value = roster(...people, person("t", SourceKind.SCREEN));
  assert.equal(setting.scene.value.mainKey, "t/screen");
  assert.equal(view.layout.value, "grid");
});

test("a pin shows the speaker view, and changing to the grid takes it off", () => {
  const { view, setting } = make(roster(...crowd(3), person("me")));
  view.togglePin("p2");
  assert.equal(setting.scene.value.mainKey, "p2");
  view.toggleLayout();
  assert.equal(view.pinnedKey.value, undefined);
  assert.equal(setting.scene.value.mainKey, undefined);
});
