"""Links that lead nowhere say why, and a page without devices still gets in."""

from __future__ import annotations

import re

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.conditions import is_present
from tests.browser.conftest import Browsers, People

pytestmark = pytest.mark.timeout(180)


def says(text: str) -> str:
    return f"/{re.escape(text)}/.test(document.body.innerText)"


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("arrival", max_participants=1)
    return appliance.invite("arrival")


def test_a_link_without_a_token_and_one_with_a_wrong_token_are_told(browsers: Browsers, invite: str) -> None:
    page = browsers.get("chromium").open("nobody")
    origin = invite.partition("/join")[0]
    page.do("goto", f"{origin}/join")
    assert page.until(says("There is no meeting here"), 10).result()
    page.do("goto", "about:blank")  # Otherwise only the fragment changes, and the page reloads itself meanwhile.
    page.do("goto", f"{origin}/join#{invite.partition('#')[2][:-4]}AAAA")
    assert page.until(says("This link is not one of this appliance"), 10).result()
    page.do("close")


def test_the_page_shows_the_hash_of_its_build(browsers: Browsers, invite: str) -> None:
    page = browsers.get("chromium").open("curious")
    page.do("goto", invite)
    assert page.until("/Version [0-9a-f]{12}/.test(document.body.innerText)", 10).result()
    assert page.evaluate(
        "fetch('/manifest.json').then((r) => r.json()).then((m) => window.conclave.state().build === m.hash)"
    )
    assert page.until(says("Managed: the appliance can read"), 10).result()
    page.do("close")


def test_a_full_room_refuses_the_next_person(browsers: Browsers, people: People, invite: str) -> None:
    first = people.add(browsers.get("chromium"), "Ana Costa", invite)
    page = browsers.get("chromium").open("second")
    page.do("goto", invite)
    page.do("fill", "Your name", "Ole Hansen")
    page.do("press", "Join meeting")
    assert page.until(says("This meeting is full"), 15).result()
    page.do("close")
    assert not first.page.evaluate(is_present("Ole Hansen"))
    people.remove(first)


def test_a_name_is_needed(browsers: Browsers, invite: str) -> None:
    page = browsers.get("chromium").open("nameless")
    page.do("goto", invite)
    page.do("press", "Join meeting")
    assert page.until(says("Say who you are"), 10).result()
    assert page.evaluate("window.conclave.state().phase") == "arriving"
    page.do("close")
