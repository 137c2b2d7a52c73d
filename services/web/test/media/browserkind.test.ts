import assert from "node:assert/strict";
import { test } from "node:test";

import { browserKind } from "../../src/media/browserkind.ts";

const WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)";

const KNOWN = [
  [`Mozilla/5.0 (X11; Linux x86_64) ${BLINK} Chrome/150.0.0.0 Safari/537.36`, 0, "chromium"],
  [`Mozilla/5.0 (Windows NT 10.0) ${BLINK} Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0`, 10, "chromium"],
  ["Mozilla/5.0 (Windows NT 10.0; rv:153.0) Gecko/20100101 Firefox/153.0", 0, "firefox"],
  [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/26.0 Safari/605.1.15`, 0, "safari"],
  [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/26.0 Safari/605.1.15`, 5, "iphone"],
  [`Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) ${WEBKIT} CriOS/150.0 Mobile/15E148 Safari/604.1`, 5, "iphone"],
  [`Mozilla/5.0 (Linux; Android 10; K) ${BLINK} Chrome/150.0.0.0 Mobile Safari/537.36`, 5, "android"],
  ["Mozilla/5.0 (Android 14; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0", 5, "android"],
] as const;

for (const [userAgent, touchPoints, kind] of KNOWN) {
  test(`${userAgent} with ${touchPoints} touch points is ${kind}`, () => {
    assert.equal(browserKind(userAgent, touchPoints), kind);
  });
}
