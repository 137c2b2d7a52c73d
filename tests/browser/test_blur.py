"""Background blur: what the others are sent of the room, while it works, while it does not, and when it can't."""

from __future__ import annotations

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Page
from tests.browser.conditions import says
from tests.browser.conftest import Browsers, Measured, People
from tests.browser.participants import Participant

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("appliance")]

# A camera before which somebody with a striped shirt sits in a striped room. window.contrast tells, as shares of what
# the camera gives, how much of the stripes is seen in the latest picture that is shown, and the most that ever was.
DRAWN_PERSON = """
  const { mediaDevices } = navigator;
  const stripes = (context, left, top, width, height, step, colours) => {
    for (let x = 0; x < width; x += step) {
      context.fillStyle = colours[(x / step) % 2];
      context.fillRect(left + x, top, step, height);
    }
  };
  const draw = (context, sway) => {
    stripes(context, 0, 0, 640, 360, 8, ["#56657a", "#7d8aa0"]);
    const fill = (colour, ...shapes) => {
      context.fillStyle = colour;
      for (const [x, y, width, height] of shapes) {
        context.beginPath();
        context.ellipse(x + sway, y, width, height, 0, 0, 2 * Math.PI);
        context.fill();
      }
    };
    fill("#2a2220", [320, 130, 96, 88]);
    fill("#6b4632", [320, 190, 60, 80], [320, 260, 34, 60], [258, 180, 10, 18], [382, 180, 10, 18]);
    fill("#3f6583", [320, 380, 170, 100]);
    fill("#2a2220", [298, 168, 6, 7], [342, 168, 6, 7]);
    fill("#8a4a44", [320, 220, 18, 6]);
    stripes(context, 288 + sway, 310, 64, 50, 8, ["#2f5573", "#5f85a3"]);
  };
  const contrastIn = (context, left, top) => {
    const { data } = context.getImageData(left, top, 64, 32);
    let sum = 0;
    for (let at = 32; at < data.length; at += 4) sum += Math.abs(data[at] - data[at - 32]);
    return sum / (data.length / 4);
  };
  const canvasOf = () => {
    const canvas = document.createElement("canvas");
    canvas.width = 640;
    canvas.height = 360;
    return canvas.getContext("2d", { willReadFrequently: true });
  };
  window.contrast = { frames: 0, room: 0, person: 0, clearestRoom: 0 };
  const clear = canvasOf();
  draw(clear, 0);
  const clearRoom = contrastIn(clear, 40, 40);
  const clearPerson = contrastIn(clear, 288, 320);
  const shown = canvasOf();
  setInterval(() => {
    const video = document.querySelector(window.watched);
    if (video === null || video.videoWidth === 0) return;
    shown.drawImage(video, 0, 0, 640, 360);
    const { contrast } = window;
    contrast.frames += 1;
    contrast.room = contrastIn(shown, 40, 40) / clearRoom;
    contrast.person = contrastIn(shown, 288, 320) / clearPerson;
    contrast.clearestRoom = Math.max(contrast.clearestRoom, contrast.room);
  }, 30);
  window.watched ??= ".preview video";
  window.framesPerSecond = 3;
  if (mediaDevices !== undefined) {
    const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      if (!constraints.video) return getUserMedia(constraints);
      const camera = canvasOf();
      let frame = 0;
      const next = () => {
        draw(camera, (frame++ % 2) / 2);
        setTimeout(next, 1000 / window.framesPerSecond);
      };
      next();
      return camera.canvas.captureStream();
    };
  }
"""
SITTER = "Mei-Lin Chen"
# Before the others: what the watcher measures is the sitter's tile.
WATCHED = f"window.watched = '[role=group][aria-label=\"{SITTER}\"] video';"
WANTED = "localStorage.setItem('conclave.blur-background', 'true');"
# window.pictures: what becomes of the pictures that are given to the model. window.outlineMs: how long each took.
MODEL = """
  window.pictures = "taken";
  window.outlineMs = [];
  const watched = new WeakSet();
  let givenAt = 0;
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, options) {
    if (message.picture !== undefined && !watched.has(this)) {
      watched.add(this);
      this.addEventListener("message", () => window.outlineMs.push(performance.now() - givenAt));
    }
    givenAt = performance.now();
    if (message.picture === undefined || window.pictures === "taken") post.call(this, message, options);
    else if (window.pictures === "slow") setTimeout(() => post.call(this, message, options), 400);
  };
"""
BLURRED = "window.contrast.frames > 0 && window.contrast.room < 0.15"
PERSON_CLEAR = f"{BLURRED} && window.contrast.person > 0.5"
ALL_BLURRED = f"{BLURRED} && window.contrast.person < 0.15"
NO_PICTURE = "document.querySelector('.preview video') === null"
FETCHED = "performance.getEntriesByType('resource').some(({ name }) => name.includes('selfie'))"
VIDEO = "document.querySelector('.preview video')"
CHOICE = "document.querySelector('.preview label.choice input')"


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("blur")
    return appliance.invite("blur")


def before_the_meeting(browsers: Browsers, engine: str, invite: str, script: str) -> Page:
    page = browsers.get(engine).open("blurred", script=DRAWN_PERSON + MODEL + script)
    page.do("goto", invite)
    return page


def awaits(page: Page, condition: str, seconds: float = 20) -> None:
    if page.until(condition, seconds).result() is None:
        known = page.evaluate("JSON.stringify(window.contrast) + document.body.innerText")
        raise AssertionError(f"never {condition}: {known}\n{page.do('messages')}")


@pytest.mark.parametrize("engine", ["chromium", pytest.param("firefox", marks=pytest.mark.full)])
def test_only_the_person_stays_clear(browsers: Browsers, measured: Measured, invite: str, engine: str) -> None:
    page = before_the_meeting(browsers, engine, invite, "")
    awaits(page, "window.contrast.room > 0.9")
    assert not page.evaluate(f"{CHOICE}.checked"), "off by default"
    assert not page.evaluate(
        "performance.getEntriesByType('resource').some(({ name }) => name.includes('segmentation'))"
    )
    page.evaluate(f"{CHOICE}.click()")
    awaits(page, PERSON_CLEAR, 40)
    page.do("goto", "about:blank")
    page.do("goto", invite)
    awaits(page, PERSON_CLEAR, 40)
    assert page.evaluate(f"{CHOICE}.checked"), "remembered"
    awaits(page, "window.outlineMs.length >= 10")
    measured("an outline takes, in milliseconds", page.evaluate("Math.round(outlineMs.sort((a, b) => a - b)[5])"))
    assert page.evaluate("window.contrast.clearestRoom < 0.15"), "the room is not shown while it starts"
    settings = page.evaluate(f"{VIDEO}.srcObject.getVideoTracks()[0].getSettings()")
    assert (settings["width"], settings["height"]) == (640, 360)
    page.do("close")


def test_all_is_blurred_while_the_model_gives_nothing(browsers: Browsers, invite: str) -> None:
    page = before_the_meeting(browsers, "chromium", invite, WANTED)
    awaits(page, PERSON_CLEAR, 40)
    page.evaluate("window.pictures = 'lost'")
    awaits(page, ALL_BLURRED)
    awaits(page, NO_PICTURE)
    assert page.evaluate(says("Background blur was switched off: it does not work on this computer."))
    assert page.evaluate(f"!{CHOICE}.checked && window.contrast.clearestRoom < 0.15")
    page.do("close")


# What the worker gives when it is asked for more than it should do; "refused" is what it must say.
BEYOND = {
    "fetch": "fetch('/healthz')",
    "import": "import('PAGE')",
    "socket": "new Promise((resolve, reject) => Object.assign("
    "new WebSocket(`wss://${location.host}/signal`, 'conclave.v1'), { onopen: resolve, onerror: reject }))",
    "worker": "new Promise((resolve, reject) => Object.assign("
    "new Worker('PAGE', { type: 'module' }), { onmessage: resolve, onerror: reject }))",
}
MODULE = "new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])"


def test_the_worker_computes_and_reaches_nothing(browsers: Browsers, invite: str) -> None:
    page = before_the_meeting(browsers, "chromium", invite, WANTED)
    awaits(page, PERSON_CLEAR, 40)
    script = page.evaluate("document.querySelector('script[type=module]').src")
    assert page.evaluate("fetch('/healthz').then(({ ok }) => ok)"), "it is the policy that refuses"
    said = {
        what: page.do("inWorker", f"{attempt.replace('PAGE', script)}.then(() => 'done', () => 'refused')")
        for what, attempt in BEYOND.items()
    }
    assert said == dict.fromkeys(BEYOND, "refused")
    compiled = f"WebAssembly.compile({MODULE}).then(() => 'compiled', () => 'refused')"
    assert page.do("inWorker", compiled) == "compiled"
    assert page.evaluate(compiled) == "refused", "the page itself may not"
    page.do("close")


@pytest.mark.full
def test_a_slow_computer_is_told_and_shows_nothing(browsers: Browsers, invite: str) -> None:
    page = before_the_meeting(browsers, "chromium", invite, WANTED)
    awaits(page, PERSON_CLEAR, 40)
    page.evaluate("window.pictures = 'slow', window.framesPerSecond = 15")
    awaits(page, NO_PICTURE)
    assert page.evaluate(says("Background blur was switched off: this computer is too slow for it."))
    assert page.evaluate("window.contrast.clearestRoom < 0.15")
    page.do("press", "Turn camera on")
    awaits(page, "window.contrast.room > 0.9")
    page.do("close")


@pytest.mark.full
@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_the_others_see_the_person_and_not_the_room(
    browsers: Browsers, people: People, invite: str, engine: str
) -> None:
    watcher = Participant(browsers.get("chromium"), "Amara Okafor", script=WATCHED + DRAWN_PERSON)
    people.present.append(watcher)
    watcher.join(invite)
    sitter = Participant(browsers.get(engine), SITTER, script=DRAWN_PERSON + MODEL + WANTED)
    people.present.append(sitter)
    sitter.join(invite)
    awaits(watcher.page, PERSON_CLEAR, 40)
    sitter.page.evaluate("window.pictures = 'lost'")
    awaits(watcher.page, ALL_BLURRED)
    assert sitter.sees(says("Background blur was switched off"), 20).result()
    assert watcher.page.evaluate("window.contrast.clearestRoom < 0.15")
    people.remove(sitter)
    people.remove(watcher)
