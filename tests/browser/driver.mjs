// Drives one browser for the tests: reads a command a line from standard input, answers each with a line.
//
// node driver.mjs chromium|firefox|chromium-asking|firefox-asking [KEY]; an asking one gives a page no device that the test
// has not granted, and has three cameras where it can. A command is {id, page, operation, ...}; commands of different pages run at the
// same time. The answer is {id, value} or {id, error}. The browser ends with standard input.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import axe from "axe-core";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

const [engine, trustedKey] = process.argv.slice(2);
const PATIENCE_MS = 60_000;

// No update, no portal check, no telemetry: what leaves the namespace shall be the page's doing.
// What Chromium itself looks up, whatever the page: at its start, and about any text field. By name, so that a page that
// asked for any other would still be counted.
const CHROMIUM_ITSELF = [
  "accounts.google.com",
  "clients2.google.com",
  "content-autofill.googleapis.com",
  "optimizationguide-pa.googleapis.com",
  "update.googleapis.com",
];
const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-domain-reliability",
  "--no-pings",
  `--host-resolver-rules=${CHROMIUM_ITSELF.map((name) => `MAP ${name} ^NOTFOUND`).join(", ")}`,
];
const CHROMIUM_GRANTING = ["--use-fake-device-for-media-stream=fps=30", "--use-fake-ui-for-media-stream"];
// Pages are let pass whatever their certificate; a TURN server needs one that is trusted. KEY: base64 of its SHA-256.
const CHROMIUM_TRUSTING = trustedKey === undefined ? [] : [`--ignore-certificate-errors-spki-list=${trustedKey}`];
const CHROMIUM_ASKING = ["--use-fake-device-for-media-stream=fps=30,device-count=3"];
const FIREFOX_PREFERENCES = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.gmp-manager.url": "",
  "media.gmp-gmpopenh264.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.dns.disableIPv6": true,
  "network.trr.mode": 5,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  // What Firefox itself looks up, by name.
  "network.dns.localDomains": "firefox.settings.services.mozilla.com",
  "app.normandy.enabled": false,
  "datareporting.healthreport.uploadEnabled": false,
  "toolkit.telemetry.server": "",
  // Where files that pages give are saved, without asking.
  "browser.download.folderList": 2,
  "browser.download.dir": process.env.HOME,
};

// 2 is nsIPermissionManager.DENY_ACTION.
const FIREFOX_ASKING = {
  "media.navigator.permission.disabled": false,
  "permissions.default.camera": 2,
  "permissions.default.microphone": 2,
};

// Runs in every page before its own code: the size and rate of the fake camera, which this machine must encode.
function limitCamera({ width, height, frameRate }) {
  const { mediaDevices } = navigator;
  if (mediaDevices === undefined) return; // Not a secure page, such as the empty one at the start.
  const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = (constraints) => {
    const video = { ...Object(constraints.video), width, height, frameRate };
    return getUserMedia({ ...constraints, ...(constraints.video ? { video } : {}) });
  };
}

const DEVICES = ["camera", "microphone"];

const chromiumEngine = (asking) => ({
  async start() {
    const args = [...CHROMIUM_FLAGS, ...CHROMIUM_TRUSTING, ...(asking ? CHROMIUM_ASKING : CHROMIUM_GRANTING)];
    this.browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
  },
  async open({ script, ...camera }, messages) {
    const context = await this.browser.newContext({
      ignoreHTTPSErrors: true,
      permissions: asking ? [] : DEVICES,
      viewport: { width: 1280, height: 800 },
    });
    await context.addInitScript(limitCamera, camera);
    if (script !== "") await context.addInitScript(script);
    const page = await context.newPage();
    page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => messages.push(`pageerror: ${error}`));
    return {
      goto: (url) => page.goto(url),
      fill: (name, text) => page.getByRole("textbox", { name, exact: true }).fill(text, { timeout: PATIENCE_MS }),
      press: (name, role = "button") => page.getByRole(role, { name, exact: true }).click({ timeout: PATIENCE_MS }),
      evaluate: (expression) => page.evaluate(expression),
      chooseFiles: (paths) => page.locator("input[type=file]").first().setInputFiles(paths),
      download: async (name) => {
        const [download] = await Promise.all([
          page.waitForEvent("download", { timeout: PATIENCE_MS }),
          page.getByRole("button", { name, exact: true }).click({ timeout: PATIENCE_MS }),
        ]);
        return download.path();
      },
      inWorker: (expression) => page.workers()[0].evaluate(expression),
      screenshot: (path) => page.screenshot({ path }),
      show: () => page.bringToFront(),
      memory: () => memoryOf(context, page),
      key: (keys) => page.keyboard.press(keys),
      type: (text) => page.keyboard.type(text),
      resize: (size) => page.setViewportSize(size),
      media: (features) => page.emulateMedia(features),
      axe: () => failuresOf(page),
      outline: () => page.locator("body").ariaSnapshot(),
      choose: (name, label) =>
        page.getByRole("combobox", { name, exact: true }).first().selectOption({ label }, { timeout: PATIENCE_MS }),
      hold: (key) => page.keyboard.down(key),
      letGo: (key) => page.keyboard.up(key),
      grant: () => context.grantPermissions(DEVICES),
      close: () => context.close(),
    };
  },
});

// What axe-core's rules, best practices included, find wrong with the page: of each rule, where.
async function failuresOf(page) {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => ({ id, html, failureSummary })));
}

// What the page holds on to once all garbage is gone: bytes of JavaScript, and how many nodes and listeners.
async function memoryOf(context, page) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable");
  await devtools.send("HeapProfiler.collectGarbage");
  const { metrics } = await devtools.send("Performance.getMetrics");
  await devtools.detach();
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

const firefoxEngine = (asking) => ({
  async start() {
    this.browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: "/usr/bin/firefox-esr",
      headless: true,
      acceptInsecureCerts: true,
      extraPrefsFirefox: { ...FIREFOX_PREFERENCES, ...(asking ? FIREFOX_ASKING : {}) },
    });
  },
  async open({ script, ...camera }, messages) {
    const context = await this.browser.createBrowserContext();
    const page = await context.newPage();
    await page.setViewport({ width: 1280, height: 800 });
    await page.evaluateOnNewDocument(limitCamera, camera);
    if (script !== "") await page.evaluateOnNewDocument(script);
    page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => messages.push(`pageerror: ${error}`));
    const find = async (name, role) => page.waitForSelector(`aria/${name}[role="${role}"]`, { timeout: PATIENCE_MS });
    return {
      goto: (url) => page.goto(url),
      fill: async (name, text) => {
        const box = await find(name, "textbox");
        await box.evaluate((each) => each.select()); // What is typed takes the place of what was there.
        await box.type(text);
      },
      press: async (name, role = "button") => (await find(name, role)).click(),
      evaluate: (expression) => page.evaluate(expression),
      chooseFiles: async (paths) => (await page.$("input[type=file]")).uploadFile(...paths),
      download: async (name, file) => {
        await (await find(name, "button")).click();
        return saved(join(process.env.HOME, file));
      },
      screenshot: (path) => page.screenshot({ path }),
      show: () => page.bringToFront(),
      key: (keys) => pressTogether(page, keys.split("+")),
      resize: (size) => page.setViewport(size),
      close: () => context.close(),
    };
  },
});

// Firefox first makes the file, empty, and writes beside it until it has all.
async function saved(path) {
  const isThere = () => existsSync(path) && !existsSync(`${path}.part`) && statSync(path).size > 0;
  while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 50));
  return path;
}

// As Playwright's "Shift+ArrowUp".
async function pressTogether(page, keys) {
  const held = keys.slice(0, -1);
  for (const key of held) await page.keyboard.down(key);
  await page.keyboard.press(keys.at(-1));
  for (const key of held) await page.keyboard.up(key);
}

const engines = {
  chromium: chromiumEngine(false),
  firefox: firefoxEngine(false),
  "chromium-asking": chromiumEngine(true),
  "firefox-asking": firefoxEngine(true),
};
const browser = engines[engine];
if (browser === undefined) throw new Error(`no engine ${engine}`);
await browser.start();

const pages = new Map();

// Resolves with the time, milliseconds since the epoch, at which the expression was first seen to be true; null for
// never. An expression may be a promise, which may take its time.
async function waitUntil(page, expression, timeoutMs) {
  return page.evaluate(`(() => {
    const late = new Promise((resolve) => setTimeout(resolve, ${timeoutMs}, null));
    const watch = async () => {
      while (!(await (${expression}))) await new Promise((resolve) => setTimeout(resolve, 20));
      return performance.timeOrigin + performance.now();
    };
    return Promise.race([watch(), late]);
  })()`);
}

// Presses a button, or something of another role, and tells when the page heard of it, milliseconds since the epoch: finding the button takes longer.
async function press(page, name, role) {
  await page.evaluate(`addEventListener("click", () => {
    window.pressedAt = performance.timeOrigin + performance.now();
  }, { capture: true, once: true })`);
  await page.press(name, role);
  return page.evaluate("window.pressedAt");
}

async function carryOut({ page: name, operation, argument, argument2 }) {
  if (operation === "open") {
    const messages = [];
    pages.set(name, { ...(await browser.open(argument, messages)), messages });
    return null;
  }
  const page = pages.get(name);
  if (page === undefined) throw new Error(`there is no page ${name}`);
  switch (operation) {
    case "goto":
      await page.goto(argument);
      return null;
    case "fill":
      await page.fill(argument, argument2);
      return null;
    case "press":
      return press(page, argument, argument2);
    case "chooseFiles":
      await page.chooseFiles(argument);
      return null;
    case "download":
      return page.download(argument, argument2);
    case "evaluate":
      return page.evaluate(argument);
    case "inWorker":
      return page.inWorker(argument);
    case "until":
      return waitUntil(page, argument, argument2);
    case "messages":
      return page.messages;
    case "screenshot":
      await page.screenshot(argument);
      return null;
    case "choose":
      await page.choose(argument, argument2);
      return null;
    case "hold":
      await page.hold(argument);
      return null;
    case "letGo":
      await page.letGo(argument);
      return null;
    case "grant":
      await page.grant();
      return null;
    case "memory":
      return page.memory();
    case "key":
      await page.key(argument);
      return null;
    case "type":
      await page.type(argument);
      return null;
    case "resize":
      await page.resize(argument);
      return null;
    case "media":
      await page.media(argument);
      return null;
    case "axe":
      return page.axe();
    case "outline":
      return page.outline();
    case "show":
      await page.show();
      return null;
    case "close":
      pages.delete(name);
      await page.close();
      return null;
    default:
      throw new Error(`no operation ${operation}`);
  }
}

const answer = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
answer({ id: 0, value: "ready" });

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  carryOut(command).then(
    (value) => answer({ id: command.id, value: value ?? null }),
    (error) => answer({ id: command.id, error: String(error?.stack ?? error) }),
  );
}
await browser.browser.close();
