"""Devices that are blocked, missing, unplugged or exchanged: one says so, and the meeting goes on."""

from __future__ import annotations

import json
import re

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Page
from tests.browser.conditions import has_picture, is_muted, is_unmuted
from tests.browser.conftest import Browsers, People
from tests.browser.participants import Participant

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("appliance")]

WATCHER = "Amara Okafor"
# A machine without any device: what a page is told there.
NO_DEVICES = """
  const { mediaDevices } = navigator;
  if (mediaDevices !== undefined) {
    mediaDevices.enumerateDevices = async () => [];
    mediaDevices.getUserMedia = async () => { throw new DOMException("none", "NotFoundError"); };
  }
"""
# window.unplug(LABEL): the browser has no fake device that can be pulled out; this is what a page is told when one is.
UNPLUGGABLE = """
  const { mediaDevices } = navigator;
  if (mediaDevices !== undefined) {
    const enumerateDevices = mediaDevices.enumerateDevices.bind(mediaDevices);
    const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
    const gone = new Set();
    const tracks = [];
    mediaDevices.enumerateDevices = async () => (await enumerateDevices()).filter(({ label }) => !gone.has(label));
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await getUserMedia(constraints);
      const [track] = stream.getTracks();
      if (gone.has(track.label)) {
        track.stop();
        const [next] = (await mediaDevices.enumerateDevices()).filter(({ kind }) => kind === `${track.kind}input`);
        if (next === undefined) throw new DOMException("none", "NotFoundError");
        const kind = track.kind;
        const device = { ...Object(constraints[kind]), deviceId: { exact: next.deviceId } };
        return mediaDevices.getUserMedia({ [kind]: device });
      }
      tracks.push(track);
      return stream;
    };
    window.unplug = (label) => {
      gone.add(label);
      for (const track of tracks.filter((each) => each.label === label && each.readyState === "live")) {
        track.stop();
        track.dispatchEvent(new Event("ended"));
      }
      mediaDevices.dispatchEvent(new Event("devicechange"));
    };
  }
"""
# A voice that does not stop: the browser's own fake microphone only beeps now and then, which is no talk.
TONE = """
  const { mediaDevices } = navigator;
  if (mediaDevices !== undefined) {
    const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = (constraints) => {
      if (!constraints.audio) return getUserMedia(constraints);
      const context = new AudioContext();
      const voice = context.createOscillator();
      const microphone = context.createMediaStreamDestination();
      voice.connect(microphone);
      voice.start();
      addEventListener("pointerdown", () => context.resume());
      return Promise.resolve(microphone.stream);
    };
  }
"""


def says(text: str) -> str:
    return f"/{re.escape(text)}/.test(document.body.innerText)"


# The browser's fake cameras look nowhere.
LAST_LOOKS_AWAY = """(() => {
  const settings = MediaStreamTrack.prototype.getSettings;
  MediaStreamTrack.prototype.getSettings = function () {
    return { ...settings.call(this), ...(this.label === "fake_device_2" && { facingMode: "environment" }) };
  };
})()"""


def own_camera(label: str) -> str:
    """The person's own tile or preview shows the camera of this name."""
    return (
        "[...document.querySelectorAll('.tile video, .preview video')].some("
        f"(video) => video.srcObject?.getVideoTracks()[0]?.label === {json.dumps(label)} && video.videoWidth > 0)"
    )


def goes_in(page: Page, invite: str, name: str) -> None:
    page.do("goto", invite)
    page.do("fill", "Your name", name)
    page.do("press", "Join meeting")
    assert page.until("window.conclave?.state().media === 'connected'", 40).result()


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("devices")
    return appliance.invite("devices")


@pytest.fixture(scope="module")
def watcher(browsers: Browsers, people: People, invite: str) -> Participant:
    """Somebody with both devices, whom the others receive and who looks whether they send."""
    return people.add(browsers.get("chromium"), WATCHER, invite)


@pytest.mark.parametrize("engine", ["chromium-asking", "firefox-asking"])
def test_who_is_blocked_reads_how_to_allow_it_and_joins_without(
    browsers: Browsers, people: People, watcher: Participant, invite: str, engine: str
) -> None:
    person = Participant(browsers.get(engine), f"Blocked in {engine}")
    people.present.append(person)
    person.page.do("goto", invite)
    assert person.sees(says("Your camera and microphone are blocked by the browser."), 20).result()
    step = "remove the block" if engine.startswith("firefox") else "switch camera and microphone on"
    assert person.page.evaluate(says(step))
    assert person.page.evaluate(says("Try again"))
    goes_in(person.page, invite, person.name)
    assert person.page.evaluate(says("How to allow it"))
    person.receives([f"{WATCHER}/camera", f"{WATCHER}/microphone"], 30)
    if engine.startswith("chromium"):
        # Allowed in the browser meanwhile, which a page is told: it asks again by itself.
        person.page.do("grant")
        watcher.receives([f"{person.name}/camera", f"{person.name}/microphone"], 30)
        assert person.sees(f"!({says('blocked by the browser')})", 5).result()
    people.remove(person)


@pytest.mark.parametrize("engine", ["chromium", pytest.param("firefox", marks=pytest.mark.full)])
def test_who_has_no_devices_joins_and_receives(
    browsers: Browsers, people: People, watcher: Participant, invite: str, engine: str
) -> None:
    person = Participant(browsers.get(engine), f"Nothing in {engine}", script=NO_DEVICES)
    people.present.append(person)
    person.page.do("goto", invite)
    assert person.sees(says("No camera and no microphone were found. You can join, see and listen."), 20).result()
    goes_in(person.page, invite, person.name)
    person.receives([f"{WATCHER}/camera", f"{WATCHER}/microphone"], 30)
    assert watcher.sees(is_muted(person.name), 10).result()
    people.remove(person)


@pytest.fixture(scope="module")
def chooser(browsers: Browsers, people: People, watcher: Participant, invite: str) -> Participant:
    """Somebody with three cameras, which can be pulled out."""
    person = Participant(browsers.get("chromium-asking"), "Mei-Lin Chen", script=UNPLUGGABLE)
    people.present.append(person)
    person.page.do("grant")
    person.join(invite)
    return person


def choose_camera(chooser: Participant, label: str) -> None:
    chooser.press("More actions")
    chooser.page.do("press", "Settings", "menuitem")
    chooser.page.do("choose", "Camera", label)
    assert chooser.sees(own_camera(label), 10).result()
    assert chooser.page.evaluate("document.querySelector('dialog[open] input[type=checkbox]').checked")
    chooser.press("Close")


# Not fake_device_1: that one gives depth, 16 bits a pixel, which no encoder takes.
def test_another_camera_is_chosen_in_the_meeting(chooser: Participant, watcher: Participant) -> None:
    assert chooser.page.evaluate(own_camera("fake_device_0"))
    choose_camera(chooser, "fake_device_2")
    watcher.receives([f"{chooser.name}/camera"], 20)


def test_a_phone_switches_between_its_cameras(chooser: Participant, watcher: Participant) -> None:
    choose_camera(chooser, "fake_device_0")
    chooser.page.do("resize", {"width": 390, "height": 844})
    chooser.page.evaluate(LAST_LOOKS_AWAY)
    for label in ("fake_device_1", "fake_device_2"):
        assert chooser.sees("document.querySelector('.tile video.mirrored') !== null", 10).result()
        chooser.press("Switch camera")
        named = f"document.querySelector('button[aria-label=\"Switch camera\"]')?.title === '{label}'"
        assert chooser.sees(named, 10).result()
    assert chooser.sees(own_camera("fake_device_2"), 10).result()
    assert not chooser.page.evaluate("document.querySelector('.tile video.mirrored') !== null")
    watcher.receives([f"{chooser.name}/camera"], 20)
    chooser.page.do("resize", {"width": 1280, "height": 800})


@pytest.mark.full
def test_the_choice_is_remembered(chooser: Participant, invite: str) -> None:
    choose_camera(chooser, "fake_device_2")
    assert "fake" not in chooser.page.evaluate("localStorage.getItem('conclave.camera')"), "an id, and not a name"
    chooser.press("Leave meeting")
    chooser.page.do("goto", "about:blank")
    chooser.join(invite)
    assert chooser.page.evaluate(own_camera("fake_device_2"))


def test_an_unplugged_camera_is_followed_by_another(chooser: Participant, watcher: Participant) -> None:
    watcher.receives([f"{chooser.name}/camera"], 20)
    chooser.page.evaluate("window.unplug('fake_device_2')")
    assert chooser.sees(says("Your camera has changed. You are using: fake_device_0"), 10).result()
    assert chooser.sees(own_camera("fake_device_0"), 10).result()
    watcher.receives([f"{chooser.name}/camera"], 20)
    chooser.press("Dismiss")
    assert chooser.sees(f"!({says('Your camera has changed')})", 5).result()


@pytest.mark.full
def test_the_last_camera_that_is_unplugged_is_missed(chooser: Participant, watcher: Participant) -> None:
    dark = watcher.sees(f"!({has_picture(chooser.name)})", 10)
    for label in ("fake_device_2", "fake_device_1", "fake_device_0"):
        chooser.page.evaluate(f"window.unplug('{label}')")
    assert chooser.sees(says("No camera was found."), 10).result()
    assert dark.result()
    watcher.receives([f"{chooser.name}/microphone"], 20)


def test_held_space_is_heard_and_let_go_is_not(chooser: Participant, watcher: Participant) -> None:
    muted = watcher.sees(is_muted(chooser.name), 10)
    chooser.press("Mute microphone")
    assert muted.result()
    chooser.page.evaluate("document.activeElement.blur()")
    heard = watcher.sees(is_unmuted(chooser.name), 10)
    chooser.page.do("hold", "Space")
    assert heard.result()
    muted = watcher.sees(is_muted(chooser.name), 10)
    chooser.page.do("letGo", "Space")
    assert muted.result()


@pytest.mark.full
def test_who_talks_while_muted_is_told(browsers: Browsers, people: People, invite: str) -> None:
    person = Participant(browsers.get("chromium"), "Jonas Lindqvist", script=TONE)
    people.present.append(person)
    person.join(invite)
    assert not person.page.evaluate(says("You are muted"))
    person.press("Mute microphone")
    assert person.sees(says("You are muted"), 20).result()
    person.press("Unmute microphone")
    assert person.sees(f"!({says('You are muted')})", 10).result()
    people.remove(person)


@pytest.mark.full
def test_the_preview_hears_the_microphone_and_plays_a_tone(browsers: Browsers, invite: str) -> None:
    page = browsers.get("chromium").open("listener")
    page.do("goto", invite)
    page.do("fill", "Your name", "L")
    assert page.until(says("We can hear you"), 20).result()
    page.do("press", "Settings")
    page.do("press", "Play a test tone")
    busy = "document.querySelector('dialog .test-tone button').ariaBusy"
    assert page.until(f"{busy} === 'false'", 10).result()
    assert not page.evaluate(says("The browser did not play it"))
    page.do("close")


def test_a_shared_screen_is_said_and_treated_as_chosen(watcher: Participant) -> None:
    tracks = "[...document.querySelectorAll('.tile video')].flatMap((each) => each.srcObject?.getVideoTracks() ?? [])"
    hint = f"{tracks}.map((track) => track.contentHint)"
    watcher.press("Share screen")
    assert watcher.sees(says("You are sharing your screen"), 10).result()
    assert watcher.sees(f"{hint}.includes('text')", 5).result()
    watcher.press("More actions")
    watcher.page.do("press", "Share as smooth motion", "menuitemcheckbox")
    assert watcher.sees(f"{hint}.includes('motion')", 5).result()
    watcher.page.evaluate("document.querySelector('.banner-action').click()")
    assert watcher.sees(f"!({says('You are sharing your screen')})", 10).result()
