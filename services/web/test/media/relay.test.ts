import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { RelaySchema } from "../../src/gen/conclave/v1/signalling_pb.js";
import { iceServersOf } from "../../src/media/relay.ts";

const GRANT = { username: "1:abc", credential: "secret", lifetimeS: 3600 };

test("TURN over TLS is at the page's own port", () => {
  const relay = create(RelaySchema, GRANT);
  const named = { urls: ["turns:meet.example:8443?transport=tcp"], username: "1:abc", credential: "secret" };
  assert.deepEqual(iceServersOf(relay, { hostname: "meet.example", port: "8443" }), [named]);
  assert.deepEqual(iceServersOf(relay, { hostname: "[fd77::1]", port: "" }), [
    { ...named, urls: ["turns:[fd77::1]:443?transport=tcp"] },
  ]);
});

test("the fastest way is named first", () => {
  const [server] = iceServersOf(create(RelaySchema, { ...GRANT, port: 3478 }), { hostname: "10.0.0.1", port: "" });
  assert.deepEqual(server?.urls, [
    "turn:10.0.0.1:3478?transport=udp",
    "turn:10.0.0.1:3478?transport=tcp",
    "turns:10.0.0.1:443?transport=tcp",
  ]);
});
