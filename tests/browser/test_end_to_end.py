"""Two people in Chromium and one in Firefox in an end-to-end room. The tests share it, in the order of this file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.conftest import Browsers, People
from tests.browser.participants import Participant, eventually

pytestmark = pytest.mark.timeout(400)

STAYING = ("Amara Okafor", "Jonas Lindqvist")
IN_FIREFOX = "Søren Kjær"


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("end-to-end", protection="end-to-end")
    return appliance.invite("end-to-end", "--role", "host")


@pytest.fixture(scope="module")
def three(browsers: Browsers, people: People, invite: str) -> list[Participant]:
    for name in STAYING:
        people.add(browsers.get("chromium"), name, invite)
    people.add(browsers.get("firefox"), IN_FIREFOX, invite)
    return list(people.present)


def group(participant: Participant) -> dict[str, Any]:
    known: dict[str, Any] = participant.state()["protection"]
    return known


def in_group_of(count: int, after: int = -1) -> str:
    """That a page is in an epoch later than `after`, with so many people."""
    known = "window.conclave?.state().protection"
    return f"({known}?.epoch ?? -1) > {after} && {known}.members.length === {count}"


def are_in_one_group(everybody: Sequence[Participant], seconds: float = 30) -> None:
    for each in everybody:
        each.must_see(in_group_of(len(everybody)), seconds)

    def have_one_code() -> bool:
        codes = {group(each)["code"] for each in everybody}
        return len(codes) == 1 and "" not in codes

    eventually("all have one code", seconds, have_one_code)


def all_receive_all(everybody: Sequence[Participant], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    for each in everybody:
        others = [other.name for other in everybody if other is not each]
        sources = [f"{name}/{kind}" for name in others for kind in ("camera", "microphone")]
        each.receives(sources, until - time.monotonic())


def test_all_see_and_hear_all_under_one_code(three: list[Participant]) -> None:
    are_in_one_group(three)
    # Twice: what grows once might have been a burst.
    all_receive_all(three)
    all_receive_all(three, 30)
    for each in three:
        each.must_see("document.querySelector('.chip').textContent.includes('End-to-end encrypted')")
        # A slot that has just changed stops a frame or two.
        each.must_see("Object.keys(window.conclave.state().protection.stopped).length === 0")


def test_the_codes_of_a_pair_agree_and_verifying_shows(three: list[Participant]) -> None:
    digits = []
    for one, other in ((three[0], three[2]), (three[2], three[0])):
        one.press("Security")
        one.press(f"Compare codes with {other.name}")
        one.must_see("document.querySelectorAll('.dialog .digits span').length === 9", 30)
        digits.append(one.page.evaluate("document.querySelector('.dialog .digits').textContent"))
        one.press("Mark as verified")
        one.must_see(f"document.querySelector('.panel').textContent.includes({other.name!r} + ' Verified')")
        one.press("Close Security")
    assert digits[0] == digits[1]
