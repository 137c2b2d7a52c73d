"""Who comes in, and what hosts decide about the people in a meeting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Camera
from tests.browser.conditions import is_muted, is_present, is_unmuted, says
from tests.browser.conftest import Browsers
from tests.browser.participants import Participant

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("appliance")]

SMALL = Camera(width=320, height=180, frame_rate=5)
HOST = "Amara Okafor"
IN_THE_MEETING = "window.conclave.state().phase === 'meeting'"
WAITING = "window.conclave.state().phase === 'waiting'"

Come = Callable[..., Participant]


in_both = pytest.mark.parametrize("engine", ["chromium", "firefox"], indirect=True)
in_firefox_rarely = pytest.mark.parametrize(
    "engine", ["chromium", pytest.param("firefox", marks=pytest.mark.full)], indirect=True
)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """Which browser everybody of a test uses."""
    return str(getattr(request, "param", "chromium"))


@pytest.fixture
def come(browsers: Browsers, engine: str) -> Iterator[Come]:
    """Opens a link as somebody, who has then pressed Join."""
    came: list[Participant] = []

    def ask(name: str, invite: str) -> Participant:
        participant = Participant(browsers.get(engine), name, SMALL)
        came.append(participant)
        participant.ask(invite)
        return participant

    yield ask
    for participant in came:
        participant.close()


def announced(name: str) -> str:
    return says(f"{name} is waiting to be let in")


def has_role(name: str, role: str) -> str:
    """The line of somebody in the People panel."""
    return f"""[...document.querySelectorAll(".person")].some((each) =>
      each.querySelector(".person-name")?.textContent.startsWith({json.dumps(name, ensure_ascii=False)}) &&
      each.querySelector(".person-line").textContent === {json.dumps(role)})"""


def act_on(host: Participant, name: str, action: str) -> None:
    host.press(f"More actions for {name}")
    host.press_within(f"More actions for {name}", action)


@in_both
def test_hosts_admit_or_turn_away_one_by_one(appliance: RunningAppliance, come: Come, engine: str) -> None:
    room = f"people-lobby-{engine}"
    appliance.make_room(room, "--lobby")
    guest = appliance.invite(room)
    first = come("Jonas Lindqvist", guest)
    first.must_see(says("Waiting for the host"))
    host = come(HOST, appliance.invite(room, "--role", "host"))
    host.comes_in()
    first.must_see(says("Waiting to be let in"))
    assert not host.page.evaluate(is_present(first.name))

    # From the line over the stage.
    host.must_see(announced(first.name))
    assert host.page.evaluate("document.querySelector('[aria-label=People]').ariaDescription") == "1 waiting"
    host.press("Admit")
    first.comes_in()
    host.must_see(is_present(first.name))

    # From the panel.
    host.press("People")
    second, third = come("Mei-Lin Chen", guest), come("Søren Kjær", guest)
    host.must_see(says("Søren Kjær"))
    host.press_within(third.name, "Turn away")
    third.must_see(says("You weren't let in"))
    host.press_within(second.name, "Admit")
    second.must_see(IN_THE_MEETING)


@pytest.mark.full
def test_hosts_admit_all_at_once_and_members_need_not_wait(appliance: RunningAppliance, come: Come) -> None:
    appliance.make_room("people-crowd", "--lobby")
    guest = appliance.invite("people-crowd")
    host = come(HOST, appliance.invite("people-crowd", "--role", "host"))
    host.comes_in()
    host.press("People")
    guests = come("Rafael Duarte", guest), come("Leila Haddad", guest)
    host.must_see(says("Leila Haddad"))
    host.press("Admit all")
    for each in guests:
        each.must_see(IN_THE_MEETING)
    assert not host.page.evaluate("document.querySelector('.lobby')")
    member = come("Henrik Lindqvist", appliance.invite("people-crowd", "--for", "Henrik Lindqvist"))
    member.must_see(IN_THE_MEETING)
    host.must_see(has_role(member.name, "Member"))


@pytest.mark.full
def test_who_waits_survives_a_lost_connection_and_may_give_up(appliance: RunningAppliance, come: Come) -> None:
    appliance.make_room("people-patient", "--lobby")
    host = come(HOST, appliance.invite("people-patient", "--role", "host"))
    host.comes_in()
    guest = come("Jonas Lindqvist", appliance.invite("people-patient"))
    host.must_see(announced(guest.name))
    back = guest.sees("!window.conclave.state().online", 20)
    appliance.kill(appliance.process_ids()["conclave-gateway"])
    assert back.result() is not None
    guest.must_see("window.conclave.state().online", 30)
    assert guest.page.evaluate(WAITING)
    host.must_see("window.conclave.state().online", 30)
    guest.press("Stop waiting")
    guest.must_see(says("You stopped waiting"))
    host.must_see(f"!({announced(guest.name)})")


@pytest.mark.full
def test_a_meeting_that_waits_for_its_host_starts_with_the_host(appliance: RunningAppliance, come: Come) -> None:
    appliance.make_room("people-punctual", "--wait-for-host")
    guest = come("Jonas Lindqvist", appliance.invite("people-punctual"))
    guest.must_see(says("Waiting for the host"))
    come(HOST, appliance.invite("people-punctual", "--role", "host")).comes_in()
    guest.comes_in()


@in_firefox_rarely
def test_a_locked_meeting_lets_nobody_new_in(appliance: RunningAppliance, come: Come, engine: str) -> None:
    room = f"people-locked-{engine}"
    appliance.make_room(room)
    host = come(HOST, appliance.invite(room, "--role", "host"))
    host.comes_in()
    host.press("People")
    host.press_within("People", "Lock meeting")
    host.must_see(says("The meeting is locked"))
    guest = appliance.invite(room)
    late = come("Jonas Lindqvist", guest)
    late.must_see(says("This meeting is locked"))
    host.press_within("People", "Lock meeting")
    host.must_see(f"!({says('The meeting is locked')})")
    late.ask(guest)
    late.comes_in()


@in_firefox_rarely
def test_hosts_mute_one_or_everyone_and_lower_hands(appliance: RunningAppliance, come: Come, engine: str) -> None:
    room = f"people-strict-{engine}"
    appliance.make_room(room)
    guest_link = appliance.invite(room)
    host = come(HOST, appliance.invite(room, "--role", "host"))
    first, second = come("Jonas Lindqvist", guest_link), come("Mei-Lin Chen", guest_link)
    for each in (host, first, second):
        each.comes_in()
    host.press("People")

    act_on(host, first.name, "Mute")
    first.must_see(says(f"{HOST} (host) muted you"))
    second.must_see(is_muted(first.name))
    first.press("Unmute microphone")
    second.must_see(is_unmuted(first.name))
    assert not first.page.evaluate(says("muted you"))

    host.press("Mute everyone")
    for each in (first, second):
        each.must_see(says("muted you"))
    host.must_see(is_muted(second.name))
    assert host.page.evaluate(is_unmuted(HOST))

    second.press("Raise hand")
    host.must_see(says("Hand raised, number 1"))
    first.page.do("key", "h")
    host.must_see(says("Hand raised, number 2"))
    act_on(host, second.name, "Lower hand")
    second.must_see("document.querySelector('[aria-label=\"Raise hand\"]') !== null")
    host.must_see(f"!({says('Hand raised, number 2')})")


@in_firefox_rarely
def test_whoever_is_removed_may_ask_again(appliance: RunningAppliance, come: Come, engine: str) -> None:
    room = f"people-removed-{engine}"
    appliance.make_room(room)
    guest_link = appliance.invite(room)
    host = come(HOST, appliance.invite(room, "--role", "host"))
    guest = come("Mei-Lin Chen", guest_link)
    host.press("People")
    host.must_see(has_role(guest.name, "Guest"))
    act_on(host, guest.name, "Remove from the meeting")
    host.press_within(f"Remove {guest.name}?", "Remove from the meeting")
    guest.must_see(says("You were removed from the meeting"))
    host.must_see(f"!({is_present(guest.name)})")
    # Whoever holds the shared link may be somebody else: a host decides.
    guest.ask(guest_link)
    guest.must_see(says("Waiting to be let in"))


@pytest.mark.full
@in_both
def test_the_only_host_hands_over_before_leaving(appliance: RunningAppliance, come: Come, engine: str) -> None:
    room = f"people-relay-{engine}"
    appliance.make_room(room)
    host = come(HOST, appliance.invite(room, "--role", "host"))
    guest = come("Jonas Lindqvist", appliance.invite(room))
    host.comes_in()
    guest.comes_in()
    host.must_see(is_present(guest.name))
    guest.press("People")
    guest.must_see(has_role(HOST, "Host"))
    assert not guest.page.evaluate(says("Mute everyone"))

    host.press("Leave meeting")
    host.must_see(says("You are the only host"))
    host.press("Hand over and leave")
    host.must_see(says("You left the meeting"))
    guest.must_see(has_role(guest.name, "Host"))
    guest.must_see(says("Mute everyone"))
    guest.press("Leave meeting")
    guest.must_see(says("You left the meeting"))


@in_firefox_rarely
def test_a_host_ends_the_meeting_for_everybody(appliance: RunningAppliance, come: Come, engine: str) -> None:
    room = f"people-final-{engine}"
    appliance.make_room(room)
    host = come(HOST, appliance.invite(room, "--role", "host"))
    guest = come("Jonas Lindqvist", appliance.invite(room))
    host.comes_in()
    guest.comes_in()
    host.press("More actions")
    host.press_within("More actions", "End meeting for everyone")
    host.press_within(f"End {room} for everyone?", "End meeting for everyone")
    for each in (host, guest):
        each.must_see(says("Meeting ended"))
        assert each.page.evaluate(says("Who met, and when"))


@in_firefox_rarely
def test_a_dial_code_leads_into_the_room(appliance: RunningAppliance, come: Come, engine: str) -> None:
    room = f"people-dialled-{engine}"
    appliance.make_room(room)
    link = appliance.room_link(room)
    host = come(HOST, appliance.invite(room, "--role", "host"))
    host.comes_in()
    host.press("People")
    host.press("Invite")
    code = link["dial_code"]
    host.must_see(says(f"{code[:3]} {code[3:6]} {code[6:]}"))
    assert host.page.evaluate("document.querySelector('#invite-link').value") == link["url"]

    guest = come("Jonas Lindqvist", link["url"])
    guest.comes_in()
    guest.page.do("goto", link["url"].partition("/join")[0])
    guest.page.do("fill", "Dial code", "12")
    guest.press("Continue")
    guest.must_see(says("A dial code has nine digits"))
    guest.page.do("fill", "Dial code", f"{code[:3]}-{code[3:]}")
    guest.press("Continue")
    guest.ask_here()
    guest.comes_in()


def test_a_dial_code_that_is_none_is_told(appliance: RunningAppliance, browsers: Browsers) -> None:
    appliance.make_room("people-undialled")
    code = appliance.room_link("people-undialled")["dial_code"]
    wrong = f"{(int(code) + 1) % 1_000_000_000:09}"
    page = browsers.get("chromium").open("dialler")
    page.do("goto", appliance.invite("people-undialled").partition("/join")[0])
    page.do("fill", "Dial code", wrong)
    page.do("press", "Continue")
    assert page.until(says("No meeting has the dial code"), 10).result()
    page.do("close")


@pytest.mark.full
def test_a_room_for_members_takes_personal_invites_only(appliance: RunningAppliance, come: Come) -> None:
    appliance.make_room("people-members")
    shared = appliance.invite("people-members")
    appliance.change_room("people-members", "--members-only")
    member = come("Henrik Lindqvist", appliance.invite("people-members", "--for", "Henrik Lindqvist"))
    member.comes_in()
    assert member.page.evaluate(is_present("Henrik Lindqvist"))
    browser = member.page.browser
    page = browser.open("guest")
    page.do("goto", shared)
    assert page.until(says("This meeting is for its members"), 10).result()
    page.do("close")


@pytest.mark.full
def test_a_member_with_another_key_than_before_waits_for_a_host_who_is_told(
    appliance: RunningAppliance, come: Come
) -> None:
    appliance.make_room("people-keys", protection="end-to-end")
    host = come(HOST, appliance.invite("people-keys", "--role", "host"))
    host.comes_in()
    personal = appliance.invite("people-keys", "--for", "Henrik Lindqvist")
    before = come("Henrik Lindqvist", personal)
    before.comes_in()
    before.press("Leave meeting")
    host.must_see(f"!({is_present(before.name)})")
    # Another page of these tests keeps nothing of the first: it is another browser to the appliance.
    again = come("Henrik Lindqvist", personal)
    again.must_see(WAITING)
    host.must_see(announced(again.name))
    buttons = "[...document.querySelectorAll('.lobby-banner button')].map((each) => each.textContent)"
    assert host.page.evaluate(buttons) == ["Show"]
    host.press("People")
    host.must_see(says("new device or browser: make sure who it is"))
    host.press("Admit")
    again.must_see(IN_THE_MEETING)
