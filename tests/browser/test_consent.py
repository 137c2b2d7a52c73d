"""A room that records asks before one joins."""

from __future__ import annotations

import re

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.conftest import Browsers

pytestmark = pytest.mark.timeout(120)

ROOM = "recorded"
# The appliance creates no recorded room yet. The page is told that this one is: in what arrives, its display name
# (field 2 of Room) is followed by protection_mode (field 3), which becomes END_TO_END_SEALED (2).
SEALED = f"""
  const pattern = [0x12, {len(ROOM)}, ...new TextEncoder().encode("{ROOM}"), 0x18, 3];
  const {{ set }} = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  Object.defineProperty(WebSocket.prototype, "onmessage", {{
    set(handler) {{
      set.call(this, handler && ((event) => {{
        const bytes = new Uint8Array(event.data);
        const at = bytes.findIndex((_, from) => pattern.every((byte, index) => bytes[from + index] === byte));
        if (at >= 0) bytes[at + pattern.length - 1] = 2;
        handler.call(this, event);
      }}));
    }},
  }});
"""
JOIN = "[...document.querySelectorAll('button')].filter((each) => each.textContent === 'Join meeting')"
BOX = "document.querySelector('.consent input[type=checkbox]')"


def says(text: str) -> str:
    return f"/{re.escape(text)}/.test(document.body.innerText)"


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room(ROOM)
    return appliance.invite(ROOM)


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_one_joins_a_recorded_room_only_after_one_has_agreed(browsers: Browsers, invite: str, engine: str) -> None:
    page = browsers.get(engine).open("asked", script=SEALED)
    page.do("goto", invite)
    assert page.until(says("Recorded, and sealed"), 20).result()
    assert not page.evaluate(says("Not recorded"))
    page.do("fill", "Your name", "Ana Costa")
    page.do("press", "Join meeting")

    assert page.until(says("This meeting is recorded"), 10).result()
    assert page.evaluate("window.conclave.state().phase") == "arriving"
    assert page.evaluate(f"{JOIN}.length") == 1
    assert page.evaluate(f"!{BOX}.checked && {JOIN}[0].disabled")
    page.evaluate(f"{BOX}.click()")
    assert page.until(f"!{JOIN}[0].disabled", 5).result()
    page.do("press", "Don't join")
    assert page.until("document.querySelector('.name-form input')?.value === 'Ana Costa'", 5).result()

    # Whoever comes again is asked again, with nothing ticked.
    page.do("press", "Join meeting")
    assert page.until(f"{BOX} && !{BOX}.checked", 5).result()
    page.evaluate(f"{BOX}.click()")
    page.do("press", "Join meeting")
    # To the appliance the room is another: it lets the person in and vouches for nobody, so the page does not stay.
    assert page.until(says("The meeting couldn't be secured"), 20).result()
    assert page.evaluate("window.conclave.state().selfId") not in (None, "")
    page.do("close")
