"""A long meeting in fast-forward: people come, share and go, and the page of who stays does not grow."""

from __future__ import annotations

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Camera
from tests.browser.conditions import has_picture, is_present
from tests.browser.conftest import Browsers, Measured, People
from tests.browser.participants import Participant

pytestmark = [pytest.mark.full, pytest.mark.timeout(1200)]

# As much coming and going as an hour's lively meeting has. The first rounds fill what is kept for good, code among it:
# the browser compiles for as long as something becomes frequent, and counts that as memory of the page.
ROUNDS = 60
SETTLED = 30
HELD = ("JSHeapUsedSize", "Nodes", "JSEventListeners")
GROWTH = 1.05


def visit(stayer: Participant, visitor: Participant, invite: str) -> None:
    """One person comes, shares a screen, stops, and leaves."""
    visitor.page.do("goto", "about:blank")  # The same link again would only be another place on the page.
    visitor.join(invite)
    assert stayer.sees(has_picture(visitor.name), 30).result()
    visitor.press("Share screen")
    assert stayer.sees(has_picture(f"{visitor.name}'s screen"), 30).result()
    visitor.press("Stop sharing")
    stayer.press("People")
    visitor.press("Leave meeting")
    assert stayer.sees(f"!({is_present(visitor.name)})", 30).result()
    stayer.press("People")


def test_what_a_page_holds_does_not_grow_with_the_meeting(
    browsers: Browsers, appliance: RunningAppliance, people: People, measured: Measured
) -> None:
    appliance.make_room("long")
    host, guest = (appliance.invite("long", "--role", role) for role in ("host", "participant"))
    small = Camera(160, 90, 5)
    stayer = people.add(browsers.get("chromium"), "Amara Okafor", host, small)
    visitor = people.add(browsers.get("chromium"), "Rafael Duarte", guest, small)
    visitor.press("Leave meeting")
    held = []
    for _ in range(ROUNDS):
        visit(stayer, visitor, guest)
        held.append({name: stayer.page.do("memory")[name] for name in HELD})
    for name in HELD:
        figures = [each[name] for each in held]
        measured(name, figures[:: ROUNDS // 8])
        early, late = sorted(figures[SETTLED : SETTLED + 10])[5], sorted(figures[-10:])[5]
        assert late <= early * GROWTH, f"{name}: {figures}"
