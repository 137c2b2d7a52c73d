"""What a camera is encoded for: the layers that somebody looks at, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Camera
from tests.browser.conditions import has_picture, is_present, layer_height
from tests.browser.conftest import Browsers, Measured, People
from tests.browser.participants import Participant, delays, eventually
from tests.browser.test_stage import hide

pytestmark = pytest.mark.timeout(300)

SENDS, LOOKS_ON, LATER = "Priya Raman", "Tomás Beltrán", "Leila Haddad"
# Only a picture this large has three layers.
LARGE_CAMERA = Camera(1280, 720, 15)
ENGINES = ["chromium", pytest.param("firefox", marks=pytest.mark.full)]


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("demand")
    return appliance.invite("demand")


@pytest.fixture(scope="module")
def viewer(browsers: Browsers, people: People, invite: str) -> Participant:
    return people.add(browsers.get("chromium"), LOOKS_ON, invite)


@pytest.fixture
def publisher(
    request: pytest.FixtureRequest, browsers: Browsers, people: People, viewer: Participant, invite: str
) -> Iterator[Participant]:
    # In a browser of its own: the pages of one share one camera, in the size in which it was opened first.
    publisher = people.add(browsers.get(request.param, "-moving"), SENDS, invite, LARGE_CAMERA)
    viewer.receives([f"{SENDS}/camera"], 60)
    yield publisher
    gone = viewer.sees(f"!({is_present(SENDS)})", 30)
    publisher.press("Leave meeting")
    people.remove(publisher)
    assert gone.result() is not None


def packets_sent(participant: Participant) -> dict[str, int]:
    """Of each layer of the camera, and of all sound."""
    sent: dict[str, int] = {}
    for each in participant.statistics()["sending"]:
        name = each["rid"] if each["rid"] else each["kind"]
        sent[name] = sent.get(name, 0) + each["packetsSent"]
    return sent


def layers_sent(participant: Participant) -> set[str]:
    """The layers of the camera that are sent while about a second of sound is."""
    before = packets_sent(participant)
    eventually("sound is sent", 20, lambda: packets_sent(participant)["audio"] >= before["audio"] + 50)
    after = packets_sent(participant)
    return {rid for rid in ("q", "h", "f") if after.get(rid, 0) > before.get(rid, 0)}


@pytest.mark.parametrize("publisher", ENGINES, indirect=True)
def test_a_camera_sends_what_somebody_looks_at_and_nothing_else(
    publisher: Participant, viewer: Participant, measured: Measured
) -> None:
    source = f"{SENDS}/camera"
    # Oneself enlarged leaves the other a place in the filmstrip, 124 pixels high.
    small = viewer.sees(layer_height(source, 1, 180), 30)
    measured("seconds_until_small", delays(viewer.press(f"Enlarge {LOOKS_ON}"), [small]))
    eventually("only the small layer is sent", 30, lambda: layers_sent(publisher) == {"q"})

    large = viewer.sees(layer_height(source, 720, 720), 30)
    (taken,) = delays(viewer.press(f"Enlarge {SENDS}"), [large])
    measured("seconds_until_large", taken)
    assert taken < 3, taken
    viewer.receives([source], 20)
    eventually("only the large layer is sent", 30, lambda: layers_sent(publisher) == {"f"})
    viewer.press(f"Stop enlarging {SENDS}")


@pytest.mark.full
@pytest.mark.parametrize("publisher", ["chromium", "firefox"], indirect=True)
def test_a_camera_that_sends_less_is_there_for_whoever_looks(
    publisher: Participant, viewer: Participant, browsers: Browsers, people: People, invite: str
) -> None:
    source = f"{SENDS}/camera"
    viewer.press(f"Enlarge {SENDS}")
    eventually("only the large layer is sent", 30, lambda: layers_sent(publisher) == {"f"})
    # The layer of which a key frame is asked is none of those that were sent from the start.
    later = people.add(browsers.get("chromium"), LATER, invite)
    later.press(f"Enlarge {SENDS}")
    assert later.sees(has_picture(SENDS), 20).result() is not None
    later.receives([source], 20)
    people.remove(later)

    hide(viewer, True)
    eventually("no picture is sent", 30, lambda: layers_sent(publisher) == set())
    back = viewer.sees(layer_height(source, 720, 720), 30)
    viewer.receives([f"{SENDS}/microphone"], 20)
    hide(viewer, False)
    viewer.receives([source], 20)
    assert back.result() is not None
    viewer.press(f"Stop enlarging {SENDS}")
