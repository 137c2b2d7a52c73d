import assert from "node:assert/strict";
import { test } from "node:test";

import { signal } from "@preact/signals";

import { Role } from "../../src/gen/conclave/v1/rooms_pb.js";
import type { Session } from "../../src/session/session.ts";
import { leave, possibleHosts } from "../../src/ui/leaving.ts";
import type { View } from "../../src/ui/view.ts";
import { person, roster } from "./meeting.ts";

function situation(...others: { readonly id: string; readonly role: Role }[]): { session: Session; done: string[] } {
  const done: string[] = [];
  const people = [{ id: "me", role: Role.HOST }, ...others].map(({ id, role }) => ({ ...person(id), role }));
  const session = { roster: signal(roster(...people)), isHost: signal(true), leave: () => done.push("left") };
  return { session: session as unknown as Session, done };
}

const press = (session: Session, done: string[]): void => {
  leave(session, { show: (name: string) => done.push(name) } as unknown as View);
};

test("the only host is asked who takes over, and no device is among the choices", () => {
  const { session, done } = situation({ id: "hall", role: Role.DEVICE }, { id: "ann", role: Role.PARTICIPANT });
  assert.deepEqual(possibleHosts(session).map(({ id }) => id), ["ann"]);
  press(session, done);
  assert.deepEqual(done, ["handOver"]);
});

test("a host who leaves nobody but devices behind is asked nothing", () => {
  const { session, done } = situation({ id: "hall", role: Role.DEVICE });
  press(session, done);
  assert.deepEqual(done, ["left"]);
});
