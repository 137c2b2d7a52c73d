"""Polls between browsers, with nothing but the keyboard: asked, voted on, changed, closed, and what is said of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Camera
from tests.browser.conditions import says
from tests.browser.conftest import Browsers
from tests.browser.participants import Participant
from tests.browser.test_keyboard import announces, press_until, sees

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("appliance")]

SMALL = Camera(width=320, height=180, frame_rate=5)
QUESTION = "Shall we sign on Friday?"
VOTING = "document.querySelector('.poll-ballot') !== null"


def result(**votes: int) -> str:
    """The poll shows these numbers for its answers, and no ballot."""
    rows = "[...document.querySelectorAll('.poll-result li')]"
    shown = (
        f"{rows}.map((each) => [each.querySelector('bdi').textContent, each.querySelector('.poll-number').textContent])"
    )
    numbers = f"Object.fromEntries({shown}.map(([option, number]) => [option, Number.parseInt(number)]))"
    wanted = json.dumps(json.dumps(votes, separators=(",", ":")))
    return f"document.querySelector('.poll-ballot') === null && JSON.stringify({numbers}) === {wanted}"


@pytest.fixture
def pair(browsers: Browsers, appliance: RunningAppliance) -> Iterator[tuple[Participant, Participant]]:
    """Two people in a room of their own."""
    appliance.make_room("polls")
    both = [Participant(browsers.get("chromium"), name, SMALL) for name in ("Amara Okafor", "Jonas Lindqvist")]
    both[0].ask(appliance.invite("polls", "--role", "host"))
    both[1].ask(appliance.invite("polls"))
    for each in both:
        each.must_see("window.conclave?.state().phase === 'meeting'", 30)
    yield both[0], both[1]
    for each in both:
        each.close()


def test_a_poll_is_asked_answered_changed_and_closed_by_keyboard(pair: tuple[Participant, Participant]) -> None:
    host, guest = pair
    asker, voter = host.page, guest.page
    asker.do("key", "c")
    sees(asker, "document.activeElement?.classList.contains('composer-text') === true")
    press_until(asker, "New poll")
    asker.do("key", "Enter")
    sees(asker, "document.querySelector('dialog[open] .input') === document.activeElement")
    for number, text in enumerate((QUESTION, "Yes", "No")):
        if number:
            asker.do("key", "Tab")
        asker.do("type", text)
    asker.do("key", "Enter")

    sees(voter, announces("Amara Okafor started a poll."))
    voter.do("key", "c")
    sees(voter, says("Everyone sees who chose what."))
    # The radio buttons of a group are one stop; arrows move between them.
    press_until(voter, "No", "Shift+Tab")
    voter.do("key", "ArrowUp")
    press_until(voter, "Vote")
    assert voter.do("axe") == []
    voter.do("key", "Enter")
    sees(voter, result(Yes=1, No=0))
    sees(asker, "document.querySelector('dialog[open]') === null")
    press_until(asker, "No", "Shift+Tab")
    asker.do("key", "ArrowUp")
    press_until(asker, "Vote")
    asker.do("key", "Enter")
    for page in (asker, voter):
        sees(page, result(Yes=2, No=0))

    sees(voter, "document.activeElement?.textContent === 'Change my vote'")
    voter.do("key", "Enter")
    sees(voter, "document.activeElement?.type === 'radio'")
    voter.do("key", "ArrowDown")
    press_until(voter, "Vote")
    voter.do("key", "Enter")
    for page in (asker, voter):
        sees(page, result(Yes=1, No=1))
    press_until(voter, "Show who chose what", "Shift+Tab")
    voter.do("key", "Enter")
    names = "[...document.querySelectorAll('.poll-names')].map((each) => each.textContent).join(' | ')"
    sees(voter, f"{names} === 'Amara Okafor | You'")
    assert voter.do("axe") == []

    press_until(asker, "Close poll")
    asker.do("key", "Enter")
    sees(asker, "document.querySelector('dialog[open]') !== null")
    press_until(asker, "Close poll")
    asker.do("key", "Enter")
    sees(voter, announces("Amara Okafor closed a poll."))
    for page in (asker, voter):
        sees(
            page,
            f"{says('Closed')} && {says('2 people have voted')} && document.querySelector('.poll-change') === null",
        )
        sees(page, result(Yes=1, No=1))
