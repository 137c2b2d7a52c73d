import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { ParticipantSchema, SourceKind, type Participant } from "../../src/gen/conclave/v1/meetings_pb.js";
import { newsBetween, type Situation } from "../../src/ui/news.ts";

function person(id: string, more: { readonly hand?: boolean; readonly screen?: boolean } = {}): Participant {
  return create(ParticipantSchema, {
    id,
    displayName: id.toUpperCase(),
    sources: [{ id: `${id}/screen`, kind: SourceKind.SCREEN, active: more.screen ?? false }],
    ...(more.hand === true ? { handRaiseTime: { seconds: 1n } } : {}),
  });
}

const CALM: Situation = { selfId: "me", participants: [person("me")], waiting: [], security: "Managed", connected: true };
const told = (before: Partial<Situation>, after: Partial<Situation>): unknown[] =>
  newsBetween({ ...CALM, ...before }, { ...CALM, ...after });

test("who comes and goes is told, with what they bring", () => {
  const ann = [person("me"), person("ann")];
  assert.deepEqual(told({}, { participants: ann }), [{ kind: "joined", name: "ANN" }]);
  assert.deepEqual(told({ participants: ann }, {}), [{ kind: "left", name: "ANN" }]);
  assert.deepEqual(told({}, { participants: [person("me"), person("ann", { hand: true, screen: true })] }), [
    { kind: "joined", name: "ANN" },
    { kind: "handRaised", name: "ANN" },
    { kind: "sharingStarted", name: "ANN" },
  ]);
});

test("of oneself nothing is told, nor of coming back as somebody new", () => {
  assert.deepEqual(told({}, { participants: [person("me", { hand: true, screen: true })] }), []);
  assert.deepEqual(told({}, { selfId: "new", participants: [person("new")] }), []);
});

test("hands and screens are told when they change", () => {
  const quiet = { participants: [person("ann")] };
  const busy = { participants: [person("ann", { hand: true, screen: true })] };
  const kinds = (news: unknown[]): unknown[] => news.map((each) => (each as { kind: string }).kind);
  assert.deepEqual(kinds(told(quiet, busy)), ["handRaised", "sharingStarted"]);
  assert.deepEqual(kinds(told(busy, quiet)), ["handLowered", "sharingStopped"]);
  assert.deepEqual(told(busy, busy), []);
});

test("the lobby, the connection and security are told", () => {
  const waiting = [{ id: "w", displayName: "Wim" }];
  assert.deepEqual(told({}, { waiting }), [{ kind: "waits", name: "Wim" }]);
  assert.deepEqual(told({ waiting }, {}), [{ kind: "waitsNoMore", name: "Wim" }]);
  assert.deepEqual(told({}, { connected: false }), [{ kind: "connectionLost" }]);
  assert.deepEqual(told({ connected: false }, {}), [{ kind: "connectionBack" }]);
  assert.deepEqual(told({}, { security: "End-to-end" }), [{ kind: "security", text: "End-to-end" }]);
});
