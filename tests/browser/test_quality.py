"""What a picture does when its place or the network changes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.browser.appliance import MEDIA_PORT, RunningAppliance
from tests.browser.browsers import Camera
from tests.browser.conditions import layer_height, says
from tests.browser.conftest import Browsers, Measured, People
from tests.browser.participants import Participant, delays, eventually

pytestmark = pytest.mark.timeout(300)

PUBLISHER, VIEWER, REMOTE = "Priya Raman", "Tomás Beltrán", "Yuki Sato"
# Only a picture this large has three layers.
LARGE_CAMERA = Camera(1280, 720, 15)


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("quality")
    return appliance.invite("quality")


@pytest.fixture(scope="module")
def publisher(browsers: Browsers, people: People, invite: str) -> Participant:
    return people.add(browsers.get("chromium"), PUBLISHER, invite, LARGE_CAMERA)


def frames_sent(participant: Participant, rid: str) -> int:
    return sum(
        each["framesEncoded"] for each in participant.statistics()["sending"] if each["rid"] == rid and each["active"]
    )


def test_a_small_tile_gets_the_small_layer_and_an_enlarged_one_the_large(
    publisher: Participant,
    browsers: Browsers,
    people: People,
    invite: str,
    measured: Measured,
) -> None:
    viewer = people.add(browsers.get("chromium"), VIEWER, invite)
    source = f"{PUBLISHER}/camera"
    viewer.receives([source], 60)

    # Oneself enlarged leaves the other a place in the filmstrip, 124 pixels high.
    small = viewer.sees(layer_height(source, 1, 180), 20)
    taken_small = delays(viewer.press(f"Enlarge {VIEWER}"), [small])
    viewer.receives([source], 20)
    large = viewer.sees(layer_height(source, 720, 720), 20)
    taken_large = delays(viewer.press(f"Enlarge {PUBLISHER}"), [large])
    viewer.receives([source], 20)
    measured("layer_switch_seconds", [*taken_small, *taken_large])
    assert max(*taken_small, *taken_large) < 2, (taken_small, taken_large)

    slot = viewer.slots_by_source()[source]
    undecoded = slot["framesReceived"] - slot["framesDecoded"] - slot["framesDropped"]
    assert undecoded <= 5, slot
    assert not [line for line in viewer.page.do("messages") if line.startswith(("error", "pageerror"))]
    people.remove(viewer)


@pytest.fixture
def remote(browsers: Browsers, people: People, invite: str) -> Iterator[Participant]:
    """Somebody whose path loses packets, in a browser and a namespace of their own."""
    browser = browsers.get("chromium", "-lossy")
    participant = people.add(browser, REMOTE, invite)
    yield participant
    browser.namespace.lose(0, MEDIA_PORT)
    people.remove(participant)


def test_loss_on_a_subscribers_path_is_repaired(
    publisher: Participant, remote: Participant, measured: Measured
) -> None:
    picture, sound = f"{PUBLISHER}/camera", f"{PUBLISHER}/microphone"
    remote.receives([picture, sound], 30)
    namespace = remote.page.browser.namespace
    namespace.lose(5, MEDIA_PORT)
    before = remote.slots_by_source()
    sent_before = max(frames_sent(publisher, rid) for rid in ("q", "h", "f"))

    eventually(
        "150 frames are sent",
        60,
        lambda: max(frames_sent(publisher, rid) for rid in ("q", "h", "f")) > sent_before + 150,
    )
    after = remote.slots_by_source()
    sent = max(frames_sent(publisher, rid) for rid in ("q", "h", "f")) - sent_before
    decoded = after[picture]["framesDecoded"] - before[picture]["framesDecoded"]
    heard = after[sound]["packetsReceived"] - before[sound]["packetsReceived"]
    repaired = after[picture]["retransmittedPacketsReceived"] - before[picture]["retransmittedPacketsReceived"]
    measured("loss", {"lost": namespace.lost(), "sent": sent, "decoded": decoded, "repaired": repaired})
    assert namespace.lost() > 0
    assert repaired > 0
    assert decoded >= sent * 2 / 3, f"{decoded} of {sent} frames"
    # 50 packets a second, of which one in twenty is lost; 15 frames a second.
    assert heard >= sent / 15 * 50 / 3, f"{heard} packets of sound"
    remote.receives([picture, sound], 20)


def test_the_others_see_whose_connection_is_poor(
    publisher: Participant, remote: Participant, measured: Measured
) -> None:
    remote.receives([f"{PUBLISHER}/microphone"], 30)
    publisher.receives([f"{REMOTE}/camera"], 30)
    poor = publisher.sees(says(f"{REMOTE}'s connection is poor."), 30)
    namespace = remote.page.browser.namespace
    lossy = time.time()
    # What is repaired is no loss: of half, a quarter stays lost.
    namespace.lose_sent(50, MEDIA_PORT)
    measured("seconds_until_others_see_it", delays(lossy, [poor]))
    assert namespace.lost() > 0
    assert poor.result() is not None
    # Gaps in what somebody hears may be the speaker's fault: nobody who only hears them has a poor connection.
    assert not remote.page.evaluate(says(f"{PUBLISHER}'s connection"))
    namespace.lose_sent(0, MEDIA_PORT)
    well = publisher.sees(f"!({says(f'{REMOTE}' + chr(39) + 's connection')})", 40)
    assert well.result() is not None
