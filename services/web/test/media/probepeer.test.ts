import assert from "node:assert/strict";
import { test } from "node:test";

import { onlyOver, portOf } from "../../src/media/probepeer.ts";

const ANSWER = [
  "v=0",
  "a=ice-lite",
  "m=video 10001 UDP/TLS/RTP/SAVPF 96",
  "a=candidate:1 1 udp 2130706431 192.0.2.7 10001 typ host",
  "a=candidate:2 1 udp 2130706175 2001:db8::7 10001 typ host",
  "a=candidate:3 1 tcp 1518157055 192.0.2.7 10001 typ host tcptype passive",
  "a=candidate:4 1 tcp 1518156799 2001:db8::7 10001 typ host tcptype passive",
  "a=end-of-candidates",
  "",
].join("\r\n");

test("only the candidates of one carrier are left, and everything else as it was", () => {
  const lines = ANSWER.split("\r\n");
  const without = (numbers: readonly number[]): string => lines.filter((_, index) => !numbers.includes(index)).join("\r\n");
  assert.equal(onlyOver(ANSWER, "udp"), without([5, 6]));
  assert.equal(onlyOver(ANSWER, "tcp"), without([3, 4]));
  assert.equal(onlyOver(ANSWER.replaceAll(" udp ", " UDP "), "tcp"), without([3, 4]));
});

test("the port is told", () => {
  assert.equal(portOf(ANSWER), 10001);
  assert.equal(portOf("v=0\r\n"), 0);
});
