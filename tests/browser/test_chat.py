"""Chat and reactions between browsers: who reads what, changes and deletions, a reload, and a killed control."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Camera
from tests.browser.chatting import delivered, unread, words, write
from tests.browser.conftest import Browsers
from tests.browser.participants import Participant, eventually

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("appliance")]

_rooms = itertools.count(1)
SMALL = Camera(width=320, height=180, frame_rate=5)


def act_on(person: Participant, line: int, action: str) -> None:
    """Chooses from the menu of a line, counted from 0."""
    person.page.evaluate(f"document.querySelectorAll('.chat-line .menu > button')[{line}].click()")
    person.must_see("document.querySelector('.chat-line [role=menu]') !== null")
    person.page.do("press", action, "menuitem")


def write_at_once(count: int) -> str:
    """Writes so many lines faster than anybody types."""
    return f"""(() => {{
      const box = document.querySelector(".composer-text");
      const {{ set }} = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
      for (let number = 0; number < {count}; number++) {{
        set.call(box, `line ${{number}}`);
        box.dispatchEvent(new InputEvent("input", {{ bubbles: true }}));
        box.form.requestSubmit();
      }}
    }})()"""


@pytest.fixture
def pair(browsers: Browsers, appliance: RunningAppliance) -> Iterator[tuple[Participant, Participant, str]]:
    """A host in Chromium and a guest in Firefox, in a room of their own, and the guests' link."""
    room = f"chat-{next(_rooms)}"
    appliance.make_room(room)
    link = appliance.invite(room)
    host = Participant(browsers.get("chromium"), "Amara Okafor", SMALL)
    guest = Participant(browsers.get("firefox"), "Jonas Lindqvist", SMALL)
    host.ask(appliance.invite(room, "--role", "host"))
    guest.ask(link)
    for each in (host, guest):
        each.must_see("window.conclave?.state().phase === 'meeting'", 30)
    yield host, guest, link
    for each in (host, guest):
        each.close()


def test_two_people_write_change_and_delete_and_who_comes_later_reads_nothing_of_it(
    pair: tuple[Participant, Participant, str], browsers: Browsers, appliance: RunningAppliance
) -> None:
    host, guest, link = pair
    host.press("Chat")
    write(host, "Welcome, see https://intranet.test/pack")
    guest.must_see(unread(1))
    guest.press("Chat")
    guest.must_see(words("Welcome, see https://intranet.test/pack"))
    address = "document.querySelector('.chat-words a')"
    assert guest.page.evaluate(f"[{address}.href, {address}.rel, {address}.target]") == [
        "https://intranet.test/pack",
        "noopener noreferrer",
        "_blank",
    ]
    host.must_see(delivered(1))
    write(guest, "<b>Thanks</b>")
    host.must_see(words("Welcome, see https://intranet.test/pack", "<b>Thanks</b>"))

    act_on(host, 0, "Change")
    write(host, "Welcome")
    guest.must_see(words("Welcome", "<b>Thanks</b>"))
    act_on(guest, 0, "Delete")
    guest.press_within("Delete this message?", "Delete")
    host.must_see(words("Welcome", "Message deleted"))

    seen = guest.sees("document.querySelector('.reaction')?.textContent.includes('Amara Okafor') === true", 15)
    host.press("React")
    host.page.do("press", "Applause", "menuitem")
    assert seen.result() is not None

    late = Participant(browsers.get("chromium"), "Mei-Lin Chen", SMALL)
    try:
        late.ask(link)
        late.must_see("window.conclave?.state().phase === 'meeting'", 30)
        late.press("Chat")
        late.must_see("document.querySelector('.chat-note').textContent === 'No messages yet'")
        write(host, "Now we are three")
        late.must_see(words("Now we are three"))
    finally:
        late.close()

    # Whoever loads the page anew is a guest whom the appliance knows by the key that the tab keeps.
    guest.page.evaluate("location.reload()")
    guest.must_see("document.querySelector('.name-form input') !== null", 30)
    guest.ask_here()
    guest.must_see("window.conclave?.state().phase === 'meeting'", 30)
    guest.press("Chat")
    guest.must_see(words("Welcome", "Message deleted", "Now we are three"))
    assert guest.page.evaluate("document.querySelectorAll('.chat-line')[1].textContent.includes('You')")


@pytest.mark.full
def test_private_lines_refusals_and_a_killed_control_lose_nothing(
    pair: tuple[Participant, Participant, str], browsers: Browsers, appliance: RunningAppliance
) -> None:
    host, guest, link = pair
    third = Participant(browsers.get("chromium"), "Mei-Lin Chen", SMALL)
    try:
        third.ask(link)
        third.must_see("window.conclave?.state().phase === 'meeting'", 30)
        for each in (host, guest, third):
            each.press("Chat")
        host.page.do("choose", "To", "Jonas Lindqvist")
        write(host, "Only for you")
        guest.must_see(words("Only for you"))
        host.page.do("choose", "To", "Everyone")
        write(host, "For all")
        third.must_see(words("For all"))

        back = host.sees("!window.conclave.state().online", 20)
        appliance.kill(appliance.process_ids()["conclave-control"])
        assert back.result() is not None
        write(host, "Written while away")
        host.must_see("document.querySelector('.chat-state') !== null")
        third.must_see(words("For all", "Written while away"), 60)
        guest.must_see(words("Only for you", "For all", "Written while away"), 60)
        host.must_see(delivered(3), 30)

        # What is refused stays, and goes out when it is tried again.
        host.page.evaluate(write_at_once(30))
        host.must_see("document.querySelector('.chat-refused') !== null", 30)
        retry = "document.querySelector('.chat-refused button')?.click()"
        left = "document.querySelectorAll('.chat-refused, .chat-state').length"
        eventually("all lines go out", 90, lambda: host.page.evaluate(f"({retry}, {left} === 0)"))
        third.must_see("document.querySelectorAll('.chat-words').length === 32", 30)
    finally:
        third.close()
