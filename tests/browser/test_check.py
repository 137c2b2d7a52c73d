"""The page that checks a computer: what it says of the network, with UDP and without, and that it leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.browser.appliance import MEDIA_PORT, RunningAppliance
from tests.browser.browsers import Browser, Page
from tests.browser.conftest import Browsers, Measured
from tests.browser.test_axe import LANGUAGES, Visit, expect_none, failures

pytestmark = pytest.mark.timeout(300)

ALL_DONE = "document.querySelectorAll('[data-probe]').length > 0 && !document.querySelector('[data-state=running]')"
NETWORK = ("udp", "tcp", "up", "down")


@dataclass(frozen=True)
class Check:
    """The page, and what it has found."""

    page: Page

    def runs(self, address: str) -> None:
        self.page.do("goto", "about:blank")
        self.page.do("goto", address)
        assert self.page.until(ALL_DONE, 60).result() is not None, self.says()

    def says(self) -> str:
        return str(self.page.evaluate("document.body.innerText"))

    def states(self) -> dict[str, str]:
        """By what was looked at: "works", "limited", "fails" or "untried"."""
        found: dict[str, str] = self.page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('[data-probe]')]"
            ".map(({ dataset }) => [dataset.probe, dataset.state]))"
        )
        return found

    def text(self, probe: str) -> str:
        return str(self.page.evaluate(f"document.querySelector('[data-probe={probe}] p').innerText"))


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("check")
    return appliance.invite("check")


@pytest.fixture(params=["chromium", pytest.param("firefox", marks=pytest.mark.full)])
def browser(request: pytest.FixtureRequest, browsers: Browsers) -> Browser:
    return browsers.get(request.param)


@pytest.fixture
def check(browser: Browser) -> Iterator[Check]:
    page = browser.open("check")
    yield Check(page)
    page.do("close")


def address(invite: str) -> str:
    """The page as nobody's guest."""
    return invite.split("/join")[0] + "/check"


def as_guest(invite: str) -> str:
    return invite.replace("/join", "/check")


def test_a_computer_in_order(check: Check, invite: str, appliance: RunningAppliance, measured: Measured) -> None:
    check.runs(address(invite))
    states = check.states()
    for probe in NETWORK:
        measured(probe, check.text(probe))
    # How much gets through depends on how busy the machine is that all of this runs on; that it does, does not.
    amounts = {states.pop("up"), states.pop("down")}
    assert (set(states.values()), "untried" in amounts) == ({"works"}, False), check.says()
    meetings = appliance.conclave("meeting", "list").get("meetings", [])
    assert not [each for each in meetings if each["name"].startswith("rooms/check/")]


def test_a_network_without_udp(check: Check, browser: Browser, invite: str, measured: Measured) -> None:
    browser.namespace.block_udp()
    try:
        check.runs(as_guest(invite))
        assert browser.namespace.blocked() > 0
    finally:
        browser.namespace.allow_udp()
    for probe in NETWORK:
        measured(probe, check.text(probe))
    states = check.states()
    assert (states["udp"], states["tcp"]) == ("limited", "works"), check.says()
    assert states["up"] != "untried"
    assert f"allow UDP to port {MEDIA_PORT}" in check.text("udp")


@pytest.mark.full
def test_nothing_gets_through(browsers: Browsers, invite: str) -> None:
    """All but the page itself is cut off, as by a firewall that passes nothing but the web."""
    browser = browsers.get("chromium")
    page = browser.open("check behind a firewall")
    browser.namespace.pass_only(8443)
    try:
        check = Check(page)
        check.runs(address(invite))
    finally:
        browser.namespace.pass_all()
    states = check.states()
    assert [states[probe] for probe in NETWORK] == ["fails", "fails", "untried", "untried"], check.says()
    assert "no sound and no pictures" in check.text("udp")
    page.do("close")


@pytest.mark.full
def test_the_invite_goes_along(browsers: Browsers, invite: str) -> None:
    page = browsers.get("chromium").open("before a check")
    page.do("goto", invite)
    link = "document.querySelector('.check-link')"
    assert page.until(f"{link} !== null", 20).result() is not None
    assert page.evaluate(f"{link}.href") == as_guest(invite)
    page.do("close")


@pytest.mark.full
def test_an_invite_that_is_over_is_no_reason_not_to_look(browsers: Browsers, invite: str) -> None:
    page = browsers.get("chromium").open("check with an old invite")
    check = Check(page)
    check.runs(f"{as_guest(invite)[:-4]}AAAA")
    assert check.states()["udp"] == "works", check.says()
    page.do("close")


@pytest.mark.full
def test_axe_finds_nothing(browsers: Browsers, invite: str) -> None:
    browser = browsers.get("chromium")
    visits = [Visit(browser.open(f"check in {language}"), language) for language in LANGUAGES]
    found: list[str] = []
    browser.namespace.block_udp()
    try:
        for visit in visits:
            visit.open(as_guest(invite))
        for visit in visits:
            assert visit.page.until(ALL_DONE, 60).result() is not None, Check(visit.page).says()
    finally:
        browser.namespace.allow_udp()
    for visit in visits:
        found += failures(visit)
        visit.page.do("close")
    expect_none(found)


@pytest.mark.full
def test_a_narrow_network_is_told_from_a_wide_one(check: Check, browser: Browser, invite: str) -> None:
    browser.namespace.narrow(600)
    try:
        check.runs(as_guest(invite))
    finally:
        browser.namespace.widen()
    states, text = check.states(), check.text("up")
    kilobits = int(text.partition(" ")[0])
    assert (states["udp"], states["up"]) == ("works", "limited"), check.says()
    assert 250 <= kilobits <= 900, text
