"""Polls between browsers: asked, voted on, changed and closed by keyboard, and what outlives a reload."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Camera
from tests.browser.conditions import says
from tests.browser.conftest import Browsers
from tests.browser.participants import Participant
from tests.browser.test_keyboard import announces, focus_is_on, press_until, sees

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("appliance")]

SMALL = Camera(width=320, height=180, frame_rate=5)
QUESTION = "Shall we sign on Friday?"
IN_THE_MEETING = "window.conclave?.state().phase === 'meeting'"
# Whatever a page says while this is on ends its connection instead.
CUT = """(() => {
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) { return window.cut ? this.close() : send.call(this, data); };
})()"""
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


Come = Callable[[str, str, str], Participant]


@pytest.fixture
def come(browsers: Browsers) -> Iterator[Come]:
    """Opens a link as somebody in a browser, and comes in."""
    came: list[Participant] = []

    def ask(engine: str, name: str, invite: str) -> Participant:
        participant = Participant(browsers.get(engine), name, SMALL, CUT)
        came.append(participant)
        participant.ask(invite)
        participant.must_see(IN_THE_MEETING, 30)
        return participant

    yield ask
    for participant in came:
        participant.close()


def test_a_poll_is_asked_answered_changed_and_closed_by_keyboard(come: Come, appliance: RunningAppliance) -> None:
    appliance.make_room("polls")
    asker = come("chromium", "Amara Okafor", appliance.invite("polls", "--role", "host")).page
    voter = come("chromium", "Jonas Lindqvist", appliance.invite("polls")).page
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
    voter.evaluate("void (window.cut = true)")
    voter.do("key", "Enter")
    # A vote that fails keeps what was chosen, and says why.
    sees(voter, announces("That did not work: there is no connection"))
    assert voter.evaluate("document.querySelector('.poll-ballot input:checked').parentElement.textContent") == "No"
    sees(voter, focus_is_on("Vote"))
    assert voter.do("axe") == []
    voter.evaluate("void (window.cut = false)")
    sees(voter, "window.conclave.state().online", 30)
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


def choose(person: Participant, answer: str) -> None:
    labels = "[...document.querySelectorAll('.poll-ballot label')]"
    person.page.evaluate(f"{labels}.find((each) => each.textContent === {json.dumps(answer)}).click()")
    person.press("Vote")


@pytest.mark.full
@pytest.mark.parametrize("protection", ["managed", "end-to-end"])
def test_a_vote_outlives_a_reload_and_who_comes_later_sees_no_poll(
    come: Come, appliance: RunningAppliance, protection: str
) -> None:
    room = f"polls-{protection}"
    appliance.make_room(room, protection=protection)
    link = appliance.invite(room)
    host = come("chromium", "Amara Okafor", appliance.invite(room, "--role", "host"))
    guest = come("firefox", "Jonas Lindqvist", link)
    for each in (host, guest):
        each.press("Chat")
    host.press("New poll")
    for name, text in (("Question", QUESTION), ("Answer 1", "Yes"), ("Answer 2", "No")):
        host.page.do("fill", name, text)
    host.press("Start poll")
    for each in (host, guest):
        each.must_see(VOTING)
        choose(each, "Yes")
    for each in (host, guest):
        each.must_see(result(Yes=2, No=0))

    guest.page.evaluate("location.reload()")
    guest.must_see("document.querySelector('.name-form input') !== null", 30)
    guest.ask_here()
    guest.must_see(IN_THE_MEETING, 30)
    late = come("chromium", "Mei-Lin Chen", link)
    for each in (guest, late):
        each.press("Chat")
    guest.must_see(result(Yes=2, No=0))
    guest.press("Change my vote")
    guest.must_see(VOTING)
    choose(guest, "No")
    for each in (host, guest):
        each.must_see(result(Yes=1, No=1))
    late.must_see(says("No messages yet"))
    assert late.page.evaluate("document.querySelector('.poll')") is None

    host.press("Close poll")
    host.press_within("Close this poll?", "Close poll")
    guest.must_see(says("Closed"))
    host.page.evaluate("document.querySelector('.chat-line .menu > button').click()")
    host.page.do("press", "Delete poll", "menuitem")
    host.press_within("Delete this poll?", "Delete poll")
    for each in (host, guest):
        each.must_see("document.querySelector('.poll') === null")
