"""Two people in Chromium and one in Firefox in an end-to-end room. The tests share it, in the order of this file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event
from typing import Any

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.chatting import delivered, words, write
from tests.browser.conftest import Browsers, Measured, People
from tests.browser.participants import Participant, delays, eventually

pytestmark = pytest.mark.timeout(400)

STAYING = ("Amara Okafor", "Jonas Lindqvist")
IN_FIREFOX = "Søren Kjær"
LATE = "Mei-Lin Chen"
CUT_SECONDS = 25
# Notes what a page sends from then on.
WATCH_SENT = """(() => {
  const { send } = WebSocket.prototype;
  window.sent = [];
  WebSocket.prototype.send = function (data) {
    window.sent.push(new TextDecoder("latin1").decode(data));
    send.call(this, data);
  };
})()"""
_never = Event()


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
        assert one is not three[0] or one.page.do("axe") == []
        one.press("Mark as verified")
        one.must_see(f"document.querySelector('.panel').textContent.includes({other.name!r} + ' Verified')")
        assert one is not three[0] or one.page.do("axe") == []
        one.press("Close Security")
    assert digits[0] == digits[1]


def test_what_is_written_and_signed_reaches_whom_it_is_for_and_leaves_the_browser_sealed(
    three: list[Participant],
) -> None:
    are_in_one_group(three)
    first, second, third = three
    for each in three:
        each.press("Chat")
        each.must_see("document.querySelector('.chat-kept').textContent.includes('Only the people here can read')")
    first.page.evaluate(WATCH_SENT)
    write(first, "To all of you")
    for each in (second, third):
        each.must_see(words("To all of you"))
    first.must_see(delivered(1))
    first.page.do("choose", "To", IN_FIREFOX)
    write(first, "For Søren alone")
    third.must_see(words("To all of you", "For Søren alone"))
    first.page.do("choose", "To", "Everyone")
    seen = third.sees(f"document.querySelector('.reaction')?.textContent.includes('{STAYING[0]}') === true", 15)
    first.press("React")
    first.page.do("press", "Applause", "menuitem")
    assert seen.result() is not None
    write(third, "Again to all")
    second.must_see(words("To all of you", "Again to all"))
    first.must_see(words("To all of you", "For Søren alone", "Again to all"))
    # UTF-8 read as Latin-1: all that the page has sent since, and none of the words.
    sent = first.page.evaluate("window.sent.join('')")
    assert len(sent) > 500
    assert not [each for each in ("all of you", "alone", "Again") if each in sent]
    for each in three:
        each.press("Close Chat")


def test_one_who_comes_in_the_middle_is_seen_and_leaves_again(
    three: list[Participant], browsers: Browsers, people: People, invite: str, measured: Measured
) -> None:
    late = people.add(browsers.get("chromium"), LATE, invite)
    are_in_one_group([*three, late])
    all_receive_all([*three, late])
    epoch = group(three[0])["epoch"]
    without = [each.sees(in_group_of(3, epoch), 20) for each in three]
    left = late.press("Leave meeting")
    taken = delays(left, without)
    measured("leave_to_new_epoch_seconds", taken)
    assert float("inf") not in taken, taken
    people.remove(late)
    all_receive_all(three)


def test_one_who_is_removed_is_out_of_the_next_epoch(
    three: list[Participant], browsers: Browsers, people: People, appliance: RunningAppliance, measured: Measured
) -> None:
    guest = people.add(browsers.get("chromium"), LATE, appliance.invite("end-to-end"))
    are_in_one_group([*three, guest])
    guest_id = guest.state()["selfId"]
    epoch = group(three[0])["epoch"]
    host = three[0]
    host.press("People")
    host.press(f"More actions for {LATE}")
    host.press_within(f"More actions for {LATE}", "Remove from the meeting")
    host.must_see(f"document.querySelector('[aria-label=\"Remove {LATE}?\"]') !== null")
    without = [each.sees(in_group_of(3, epoch), 20) for each in three]
    confirmed = time.time()
    host.press_within(f"Remove {LATE}?", "Remove from the meeting")
    taken = delays(confirmed, without)
    measured("removal_to_new_epoch_seconds", taken)
    assert float("inf") not in taken, taken
    guest.must_see("window.conclave.state().phase === 'ended'")
    assert all(guest_id not in [each["id"] for each in group(one)["members"]] for one in three)
    people.remove(guest)
    all_receive_all(three)


@pytest.mark.full
def test_a_page_that_is_loaded_anew_is_a_new_leaf_of_the_same_person(three: list[Participant], invite: str) -> None:
    for one in (three[1], three[2]):
        key = {each["id"]: each["identityKey"] for each in group(one)["members"]}[one.state()["selfId"]]
        one.press("Chat")
        write(one, f"{one.name} will be back")
        one.must_see(f"[...document.querySelectorAll('.chat-words')].at(-1)?.textContent === '{one.name} will be back'")
        said = one.page.evaluate("[...document.querySelectorAll('.chat-words')].map((each) => each.textContent)")
        one.join(invite)
        one.must_see(in_group_of(3), 30)
        again = {each["id"]: each["identityKey"] for each in group(one)["members"]}[one.state()["selfId"]]
        assert again == key
        are_in_one_group(three)
        # The keys to what was said before the reload are in this browser's vault.
        one.press("Chat")
        one.must_see(words(*said))
        one.press("Close Chat")
        all_receive_all(three)


@pytest.mark.full
def test_a_network_that_is_gone_for_a_while_costs_nobody_their_leaf(
    three: list[Participant], measured: Measured
) -> None:
    one = three[2]
    leaf = {each["id"]: each["leaf"] for each in group(one)["members"]}[one.state()["selfId"]]
    namespace = one.page.browser.namespace
    namespace.cut()
    _never.wait(CUT_SECONDS)
    namespace.mend()
    mended = time.time()
    all_receive_all(three)
    measured("back_after_cut_seconds", round(time.time() - mended, 1))
    are_in_one_group(three)
    again = {each["id"]: each["leaf"] for each in group(one)["members"]}[one.state()["selfId"]]
    assert again == leaf
