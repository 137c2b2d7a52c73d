"""A shared screen comes in VP9 as long as all who are there decode it. Of each room, the tests share one meeting."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Browser
from tests.browser.conftest import Browsers, Measured, People
from tests.browser.participants import Participant, eventually

pytestmark = pytest.mark.timeout(400)

SHARES, IN_FIREFOX, OLD = "Priya Raman", "Søren Kjær", "Jonas Lindqvist"
# Firefox shares what a page draws: there is no screen where it runs.
DRAWN_SCREEN = """
navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const context = canvas.getContext("2d");
  let count = 0;
  setInterval(() => {
    context.fillStyle = `hsl(${(count += 7) % 360}, 80%, 50%)`;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }, 100);
  return canvas.captureStream(10);
};
"""
WITHOUT_VP9 = """
const capabilities = RTCRtpReceiver.getCapabilities.bind(RTCRtpReceiver);
RTCRtpReceiver.getCapabilities = (kind) => {
  const known = capabilities(kind);
  return known && { ...known, codecs: known.codecs.filter(({ mimeType }) => mimeType !== "video/VP9") };
};
"""
ROOMS = ["end-to-end", "managed"]
_numbers = itertools.count(1)


class Meeting:
    """Who shares and who looks on, in one room."""

    def __init__(self, appliance: RunningAppliance, people: People, protection: str) -> None:
        self._people = people
        room = f"codec-{protection}-{next(_numbers)}"
        appliance.make_room(room, protection=protection)
        self._invite = appliance.invite(room)

    def add(self, browser: Browser, name: str, script: str = "") -> Participant:
        participant = Participant(browser, name, script=script)
        self._people.present.append(participant)
        participant.join(self._invite)
        return participant


@pytest.fixture
def meeting(request: pytest.FixtureRequest, appliance: RunningAppliance, people: People) -> Iterator[Meeting]:
    yield Meeting(appliance, people, request.param)
    for participant in list(people.present):
        people.remove(participant)


def sent_codec(participant: Participant) -> str:
    """Of the screen: the camera's encodings have names."""
    sent = [each for each in participant.statistics()["sending"] if each["kind"] == "video" and not each["rid"]]
    return str(sent[0]["codec"]) if sent else ""


def sees_screen_in(viewer: Participant, sharer: Participant, codec: str, seconds: float = 30) -> None:
    source = f"{sharer.name}/screen"

    def comes_in_it() -> bool:
        slot = viewer.slots_by_source().get(source)
        return slot is not None and slot["codec"] == codec

    eventually(f"{viewer.name} receives {codec}", seconds, comes_in_it)
    viewer.receives([source], seconds, growth=3)
    assert sent_codec(sharer) == codec


@pytest.mark.full
@pytest.mark.parametrize("meeting", ROOMS, indirect=True)
def test_a_screen_is_vp9_until_somebody_comes_who_cannot_decode_it(
    meeting: Meeting, browsers: Browsers, measured: Measured
) -> None:
    sharer = meeting.add(browsers.get("chromium"), SHARES)
    viewer = meeting.add(browsers.get("firefox"), IN_FIREFOX)
    sharer.press("Share screen")
    sees_screen_in(viewer, sharer, "video/VP9")
    measured("freezes_in_vp9", viewer.slots_by_source()[f"{SHARES}/screen"]["freezeCount"])

    old = meeting.add(browsers.get("chromium"), OLD, WITHOUT_VP9)
    for each in (old, viewer):
        sees_screen_in(each, sharer, "video/VP8")
    old.press("Leave meeting")
    sees_screen_in(viewer, sharer, "video/VP9")


@pytest.mark.full
@pytest.mark.parametrize("meeting", ROOMS, indirect=True)
def test_firefox_shares_in_vp9_too_and_falls_back(meeting: Meeting, browsers: Browsers) -> None:
    sharer = meeting.add(browsers.get("firefox"), IN_FIREFOX, DRAWN_SCREEN)
    viewer = meeting.add(browsers.get("chromium"), SHARES)
    # A slot that has shown a camera goes over to another codec.
    viewer.receives([f"{IN_FIREFOX}/camera"], 60)
    sharer.press("Share screen")
    sees_screen_in(viewer, sharer, "video/VP9")
    old = meeting.add(browsers.get("chromium"), OLD, WITHOUT_VP9)
    for each in (old, viewer):
        sees_screen_in(each, sharer, "video/VP8")
