"""People whose machines have died, in an end-to-end room, and what those share who are still there or come then.

Of two, one is missed at once, as a process that ends closes its connections; of the other nothing more is heard at all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Browser, Camera
from tests.browser.chatting import words, write
from tests.browser.conftest import Browsers, Measured
from tests.browser.participants import Participant
from tests.browser.sharing import MIB, digest, made, shown

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]

SMALL = Camera(width=320, height=180, frame_rate=5)
IS_READY = "window.conclave?.state().protection.state === 'ready'"
# Who says nothing is asked after 15 s, and has half as long to answer; 10 s later a group of nobody else is given up.
GIVEN_UP_SECONDS = 45


def comes(browser: Browser, name: str, invite: str) -> Participant:
    """Into the group, whether or not there are pictures yet."""
    person = Participant(browser, name, SMALL)
    person.ask(invite)
    person.must_see(IS_READY, 40)
    return person


def powerless(browsers: Browsers, places: Sequence[str]) -> list[Browser]:
    return [browsers.get("chromium", place) for place in places]


def test_what_is_shared_beside_two_who_were_killed_goes_out_at_once(
    browsers: Browsers, appliance: RunningAppliance, tmp_path: Path, measured: Measured
) -> None:
    tmp_path.chmod(0o755)
    appliance.make_room("beside", protection="end-to-end")
    invite = appliance.invite("beside")
    # First, so that they have the lowest leaves: they are the first to be asked for commits.
    dying = powerless(browsers, ("-dying", "-silent"))
    for name, browser in zip(("Kofi Mensah", "Søren Kjær"), dying, strict=True):
        comes(browser, name, invite)
    ada, ben = [comes(browsers.get("chromium"), name, invite) for name in ("Ada Lovelace", "Ben Tran")]
    ada.must_see("window.conclave.state().protection.members.length === 4", 30)
    for each in (ada, ben):
        each.press("Chat")
    file = made(tmp_path / "plan.bin", 12 * MIB)
    dying[1].namespace.cut()
    for browser in dying:
        browser.kill()
    killed = time.monotonic()
    ada.page.do("chooseFiles", [str(file)])
    write(ada, "Are you still there?")
    ben.must_see(words("Are you still there?"), 20)
    ben.must_see(shown(file.name), 30)
    measured("a file of 12 MiB shown after the two were killed, seconds", round(time.monotonic() - killed, 1))
    assert digest(Path(ben.page.do("download", f"Download {file.name}", file.name))) == digest(file)
    cleo = comes(browsers.get("chromium"), "Cleo Ruiz", invite)
    write(ben, "Two of us are not")
    cleo.press("Chat")
    cleo.must_see(words("Two of us are not"), 20)
    for each in (ada, ben, cleo):
        each.close()


def test_one_who_comes_to_nobody_but_the_dead_shares_something_soon(
    browsers: Browsers, appliance: RunningAppliance, tmp_path: Path, measured: Measured
) -> None:
    tmp_path.chmod(0o755)
    appliance.make_room("alone", protection="end-to-end")
    invite = appliance.invite("alone")
    dying = powerless(browsers, ("-silent-1", "-silent-2"))
    for name, browser in zip(("Kofi Mensah", "Søren Kjær"), dying, strict=True):
        comes(browser, name, invite)
    for browser in dying:
        browser.namespace.cut()
        browser.kill()
    killed = time.monotonic()
    file = made(tmp_path / "plan.bin", 3 * MIB)
    ada = Participant(browsers.get("chromium"), "Ada Lovelace", SMALL)
    ada.ask(invite)
    ada.must_see("window.conclave?.state().phase === 'meeting'", 30)
    ada.press("Chat")
    ada.page.do("chooseFiles", [str(file)])
    ada.must_see(shown(file.name), 120)
    taken = time.monotonic() - killed
    measured("a file of 3 MiB shown after everybody else was killed, seconds", round(taken, 1))
    assert taken < GIVEN_UP_SECONDS
    ada.close()
