"""Networks that change, break and narrow in mid-meeting, and appliances that are updated: what people see of it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from tests.browser.appliance import ROOT, RunningAppliance
from tests.browser.conditions import has_picture, receives_anew
from tests.browser.conftest import Browsers, Measured, People
from tests.browser.network import Namespace
from tests.browser.participants import Participant, delays, eventually

pytestmark = pytest.mark.timeout(300)

STAYING, MOVING = "Amara Okafor", "Jonas Lindqvist"
CUT_SECONDS = 20
STATIC = ROOT / "services/conclave/services/gateway/static"
_never = Event()


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("networks")
    return appliance.invite("networks", "--role", "host")


@pytest.fixture(scope="module")
def staying(browsers: Browsers, people: People, invite: str) -> Participant:
    return people.add(browsers.get("chromium"), STAYING, invite)


@pytest.fixture
def moving(
    request: pytest.FixtureRequest, browsers: Browsers, people: People, staying: Participant, invite: str
) -> Iterator[Participant]:
    """Somebody in a browser and a network of their own."""
    participant = people.add(browsers.get(getattr(request, "param", "chromium"), "-moving"), MOVING, invite)
    both_receive(staying, participant)
    yield participant
    people.remove(participant)
    eventually("the other is alone again", 40, lambda: len(staying.state()["participants"]) == 1)


def both_receive(staying: Participant, moving: Participant, seconds: float = 60) -> None:
    moving.receives([f"{STAYING}/camera", f"{STAYING}/microphone"], seconds)
    staying.receives([f"{MOVING}/camera", f"{MOVING}/microphone"], seconds)


def ids(participant: Participant) -> dict[str, str]:
    return {each["name"]: each["id"] for each in participant.state()["participants"]}


def namespace_of(participant: Participant) -> Namespace:
    return participant.page.browser.namespace


def says(text: str) -> str:
    return f"document.body.innerText.includes({json.dumps(text)})"


@pytest.mark.full
@pytest.mark.parametrize("moving", ["chromium", "firefox"], indirect=True)
def test_a_meeting_goes_on_in_another_network(staying: Participant, moving: Participant, measured: Measured) -> None:
    before = ids(staying)
    namespace = namespace_of(moving)
    old = namespace.address()
    namespace.move()
    moved = time.time()
    assert namespace.address() != old
    # More than was on its way: nothing reaches the old address any more.
    moving.receives([f"{STAYING}/camera", f"{STAYING}/microphone"], 60, growth=20)
    measured("seconds_until_twenty_frames_came_in_the_new_network", round(time.time() - moved, 2))
    both_receive(staying, moving)
    assert ids(staying) == before  # nobody new, nobody gone
    assert ids(moving) == before


@pytest.mark.full
@pytest.mark.parametrize("moving", ["chromium", "firefox"], indirect=True)
def test_a_meeting_survives_a_cut_of_twenty_seconds(
    staying: Participant, moving: Participant, measured: Measured
) -> None:
    before = ids(staying)
    back = moving.sees(receives_anew([STAYING]), 80)
    told = moving.sees(says("Trying again"), 30)
    namespace = namespace_of(moving)
    namespace.cut()
    try:
        cut = time.time()
        _never.wait(CUT_SECONDS)
    finally:
        namespace.mend()
    mended = time.time()
    measured("seconds_until_told_of_the_cut", delays(cut, [told]))
    (taken,) = delays(mended, [back])
    measured("seconds_until_pictures_and_sound_flow_again", taken)
    both_receive(staying, moving)
    assert ids(staying) == before
    assert ids(moving) == before


@pytest.mark.full
def test_a_camera_gives_way_to_the_voice_and_returns(
    staying: Participant, moving: Participant, measured: Measured
) -> None:
    namespace = namespace_of(moving)
    paused = moving.sees(says("Your camera is paused so that your voice gets through."), 60)
    dark = staying.sees(f"!({has_picture(MOVING)})", 60)
    explained = staying.sees(says("The camera is paused so that the voice gets through."), 60)
    narrowed = time.time()
    namespace.narrow(60)
    try:
        measured("seconds_until_the_camera_is_paused", delays(narrowed, [paused, dark, explained]))
        assert paused.result() is not None and dark.result() is not None and explained.result() is not None
        # 50 packets a second.
        staying.receives([f"{MOVING}/microphone"], 20, growth=200)
    finally:
        namespace.widen()
    widened = time.time()
    returned = staying.sees(has_picture(MOVING), 80)
    measured("seconds_until_the_camera_is_back", delays(widened, [returned]))
    assert returned.result() is not None
    both_receive(staying, moving)


def test_the_quality_is_told_with_its_reason(staying: Participant, moving: Participant) -> None:
    good = moving.sees("/Connection good/.test(document.querySelector('.top-state').innerText)", 60)
    assert good.result() is not None
    moving.press("Connection good")
    shown = moving.sees("/UDP/.test(document.querySelector('dialog .connection-figures')?.innerText ?? '')", 10)
    assert shown.result() is not None
    moving.press("Close")


def test_an_updated_appliance_is_told_of_and_nobody_is_thrown_out(
    staying: Participant, moving: Participant, appliance: RunningAppliance, tmp_path: Path
) -> None:
    before = ids(staying)
    kept = tmp_path / "manifest.json"
    shutil.copy(STATIC / "manifest.json", kept)
    manifest = json.loads(kept.read_text())
    notice = "Conclave was updated. Reload when it suits you."
    told = moving.sees(says(notice), 30)
    assert not moving.page.evaluate(says(notice))
    try:
        (STATIC / "manifest.json").write_text(json.dumps({**manifest, "hash": "0" * 64}))
        appliance.kill(appliance.process_ids()["conclave-gateway"])
        assert told.result() is not None
    finally:
        shutil.copy(kept, STATIC / "manifest.json")
    both_receive(staying, moving)
    assert ids(staying) == before
    # The real build again: the gateway reads its files when it starts.
    appliance.kill(appliance.process_ids()["conclave-gateway"])
    assert moving.sees(f"!{says(notice)}", 30).result() is not None


def test_the_page_can_be_installed(browsers: Browsers, invite: str) -> None:
    page = browsers.get("chromium").open("installable")
    page.do("goto", invite.split("/join")[0] + "/")
    manifest = page.evaluate("""fetch(document.querySelector('link[rel=manifest]').href).then(async (response) => ({
      type: response.headers.get('content-type'), ...await response.json() }))""")
    assert manifest["type"] == "application/manifest+json"
    assert manifest["display"] == "standalone"
    sizes = page.evaluate("""fetch('/app.webmanifest').then((response) => response.json()).then(({ icons }) =>
      Promise.all(icons.map(async ({ src }) => {
        const image = new Image();
        image.src = src;
        await image.decode();
        return image.naturalWidth;
      })))""")
    assert {192, 512} <= set(sizes)
    assert not [line for line in page.do("messages") if line.startswith(("error", "warning", "pageerror"))]
    page.do("close")
