"""Raised hands in an end-to-end room: between browsers, in order, for who comes later, and never the appliance's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Camera
from tests.browser.conditions import says
from tests.browser.conftest import Browsers
from tests.browser.participants import Participant
from tests.browser.test_people import act_on

pytestmark = [pytest.mark.full, pytest.mark.timeout(240), pytest.mark.usefixtures("appliance")]

SMALL = Camera(width=320, height=180, frame_rate=5)
HOST, GUEST, LATE = "Amara Okafor", "Jonas Lindqvist", "Mei-Lin Chen"
IS_IN = """window.conclave?.state().phase === 'meeting' &&
  ['ready', 'off'].includes(window.conclave.state().protection.state)"""

Come = Callable[[str, str, str], Participant]


@pytest.fixture
def come(browsers: Browsers) -> Iterator[Come]:
    """Somebody in a browser, in the meeting and in its group if it has one, with the People panel open."""
    came: list[Participant] = []

    def ask(engine: str, name: str, invite: str) -> Participant:
        participant = Participant(browsers.get(engine), name, SMALL)
        came.append(participant)
        participant.ask(invite)
        participant.must_see(IS_IN, 30)
        participant.press("People")
        return participant

    yield ask
    for participant in came:
        participant.close()


def hands_are(*names: str) -> str:
    """The People panel has these hands up, in this order."""
    raised = "[...document.querySelectorAll('.person:has(.mark-hand)')]"
    entries = f"""{raised}.map((each) => [
      Number(each.querySelector('.mark-hand span[aria-hidden]').textContent),
      each.querySelector('.person-name').firstChild.textContent.trim()])"""
    shown = f"{entries}.sort((one, other) => one[0] - other[0]).map((each) => each[1])"
    return f"JSON.stringify({shown}) === {json.dumps(json.dumps(names, separators=(',', ':')))}"


def told_by_api(appliance: RunningAppliance, room: str) -> str:
    """All that the appliance knows of the people in a room's meeting."""
    return json.dumps(appliance.conclave("meeting", "list", "--room", room))


def test_hands_in_an_end_to_end_room_are_the_peoples_own(come: Come, appliance: RunningAppliance) -> None:
    appliance.make_room("hands", protection="end-to-end")
    invite = appliance.invite("hands")
    host = come("chromium", HOST, appliance.invite("hands", "--role", "host"))
    guest = come("firefox", GUEST, invite)
    guest.press("Raise hand")
    host.must_see(hands_are(GUEST))
    host.page.do("key", "h")
    guest.must_see(hands_are(GUEST, HOST))
    guest.must_see(says("Hand raised, number 2"))

    late = come("chromium", LATE, invite)
    late.must_see(hands_are(GUEST, HOST))
    told = told_by_api(appliance, "hands")
    assert all(name in told for name in (HOST, GUEST, LATE))
    assert "raise" not in told.lower()

    act_on(host, GUEST, "Lower hand")
    for each in (host, guest, late):
        each.must_see(hands_are(HOST))
    guest.must_see("document.querySelector('[aria-label=\"Raise hand\"]') !== null")


def test_the_api_tells_of_hands_in_a_managed_room(come: Come, appliance: RunningAppliance) -> None:
    appliance.make_room("hands-managed")
    participant = come("chromium", GUEST, appliance.invite("hands-managed"))
    participant.press("Raise hand")
    participant.must_see(hands_are(GUEST))
    assert "raise" in told_by_api(appliance, "hands-managed").lower()
