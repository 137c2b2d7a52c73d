import assert from "node:assert/strict";
import { test } from "node:test";

import { Announcer, type AnnouncementLevel, type News } from "../../src/ui/announcer.ts";

/** What is said, and when, of news that come at these milliseconds. */
function said(level: AnnouncementLevel, news: readonly (readonly [atMs: number, News])[]): string[] {
  const announcer = new Announcer(() => level);
  const lines: string[] = [];
  const speak = (nowMs: number): void => {
    for (let each = announcer.poll(nowMs); each !== undefined; each = announcer.poll(nowMs)) {
      lines.push(`${nowMs} ${each.urgent ? "! " : ""}${each.text}`);
    }
  };
  const speakUntil = (endMs: number): void => {
    for (let at = announcer.nextTimeoutMs(); at !== undefined && at <= endMs; at = announcer.nextTimeoutMs()) speak(at);
  };
  for (const [atMs, each] of news) {
    speakUntil(atMs);
    announcer.hear(each);
    speak(atMs);
  }
  speakUntil(Infinity);
  return lines;
}

const joined = (name: string): News => ({ kind: "joined", name });
const left = (name: string): News => ({ kind: "left", name });

test("one announcement each 3 s: the first at once, the next together when the time is over", () => {
  const lines = said("all", [
    [0, joined("Ada")],
    [100, joined("Ben")],
    [200, joined("Cem")],
    [300, joined("Dua")],
    [2900, left("Ada")],
    [9000, joined("Eva")],
  ]);
  assert.deepEqual(lines, ["0 Ada joined.", "3000 3 people joined. Ada left.", "9000 Eva joined."]);
});

test("two are named, more are counted", () => {
  const wait = (name: string): News => ({ kind: "waits", name });
  assert.deepEqual(
    said("all", [
      [0, joined("Ada")],
      [1, wait("Ben")],
      [2, wait("Cem")],
    ]),
    ["0 Ada joined.", "3000 Ben and Cem are waiting to be let in."],
  );
});

test("what is no longer true is not said", () => {
  const lines = said("all", [
    [0, joined("Ada")],
    [10, joined("Ben")],
    [20, left("Ben")],
    [30, { kind: "handRaised", name: "Ada" }],
    [40, { kind: "handLowered", name: "Ada" }],
    [50, { kind: "waits", name: "Cem" }],
    [60, { kind: "waitsNoMore", name: "Cem" }],
    [70, { kind: "connectionBack" }],
    [80, { kind: "connectionLost" }],
  ]);
  assert.deepEqual(lines, ["0 Ada joined."]);
});

test("a lowered hand, and whoever is let in, need no words", () => {
  assert.deepEqual(said("all", [[0, { kind: "handLowered", name: "Ada" }]]), []);
  assert.deepEqual(said("all", [[0, { kind: "waitsNoMore", name: "Ada" }]]), []);
});

test("security is said at once, urgently, at every level", () => {
  for (const level of ["all", "important", "none"] as const) {
    const lines = said(level, [
      [0, { kind: "connectionBack" }],
      [1, { kind: "security", text: "Security: managed" }],
    ]);
    assert.deepEqual(lines.slice(-1), ["1 ! Security: managed"], level);
  }
});

test("who speaks is said at once when asked, even when nothing else is", () => {
  const asked = (names: readonly string[]): string[] => said("none", [[0, { kind: "speakers", names }]]);
  assert.deepEqual(asked([]), ["0 Nobody speaks."]);
  assert.deepEqual(asked(["Ada"]), ["0 Ada speaks."]);
  assert.deepEqual(asked(["Ada", "Ben"]), ["0 Ada and Ben speak."]);
  assert.deepEqual(asked(["Ada", "Ben", "Cem", "Dua"]), ["0 Ada, Ben and 2 more speak."]);
});

test("an answer does not swallow the news that waits", () => {
  const lines = said("all", [
    [0, joined("Ada")],
    [10, joined("Ben")],
    [20, { kind: "speakers", names: [] }],
  ]);
  assert.deepEqual(lines, ["0 Ada joined.", "20 Nobody speaks.", "3020 Ben joined."]);
});

test("the important level leaves out who comes and goes", () => {
  const lines = said("important", [
    [0, joined("Ada")],
    [10, { kind: "handRaised", name: "Ada" }],
    [20, { kind: "waits", name: "Ben" }],
    [5000, { kind: "sharingStarted", name: "Ada" }],
    [10000, { kind: "sharingStopped", name: "Ada" }],
    [15000, { kind: "connectionBack" }],
    [20000, left("Ada")],
  ]);
  assert.deepEqual(lines, [
    "20 Ben is waiting to be let in.",
    "5000 Ada shares a screen.",
    "10000 Ada stopped sharing.",
    "15000 The connection is back.",
  ]);
});

test("who writes line after line is named once, and lines to one person matter more", () => {
  const wrote = (name: string): News => ({ kind: "wrote", name });
  const news: (readonly [number, News])[] = [
    [0, wrote("Ada")],
    [1, wrote("Ada")],
    [2, wrote("Ada")],
    [3, wrote("Ben")],
    [4, { kind: "wroteToYou", name: "Cem" }],
    [5, { kind: "reacted", name: "Dua: Applause" }],
  ];
  assert.deepEqual(said("all", news), [
    "0 Ada wrote a message.",
    "3000 Cem wrote a message to you only. Ada and Ben wrote messages. Dua: Applause.",
  ]);
  assert.deepEqual(said("important", news), ["4 Cem wrote a message to you only."]);
  assert.deepEqual(said("none", news), []);
});

test("what becomes of the person's own files is said whatever the level, with other news", () => {
  const own = (text: string): News => ({ kind: "own", text });
  const news = [[0, own("Sending a.pdf.")], [10, own("a.pdf was sent.")], [20, { kind: "shared", name: "Ada" }]] as const;
  assert.deepEqual(said("all", news), ["0 Sending a.pdf.", "3000 a.pdf was sent. Ada shared a file."]);
  assert.deepEqual(said("none", news), ["0 Sending a.pdf.", "3000 a.pdf was sent."]);
});
