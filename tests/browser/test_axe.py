"""axe-core finds nothing on any page, in either theme, wide and narrow, in German and from right to left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Browser, Camera, Page
from tests.browser.conftest import Browsers

pytestmark = pytest.mark.timeout(300)

LANGUAGES = ("en", "de", "pseudo-rtl")
THEMES = ("light", "dark")
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
IN_MEETING = "window.conclave?.state().phase === 'meeting' && window.conclave.state().media === 'connected'"
DIALOG = "document.querySelector('dialog[open]') !== null"
# In the menu of more actions.
SETTINGS, END_MEETING = -3, -1
TILES = "document.querySelectorAll('[role=group][data-participant-id]').length"


@dataclass(frozen=True)
class Visit:
    """One page of a browser in one language."""

    page: Page
    language: str

    def open(self, invite: str) -> None:
        """Opens a link in the language; its token stays where it is."""
        address, _, token = invite.partition("#")
        self.page.do("goto", "about:blank")
        self.page.do("goto", f"{address}?lang={self.language}#{token}")

    def enter(self, invite: str, name: str) -> None:
        """Opens a link, and asks to be let in under a name."""
        self.open(invite)
        self.awaits("document.querySelector('.preview video')?.videoWidth > 0")
        self.awaits("document.querySelector('main form input') !== null")
        self.page.evaluate("document.querySelector('main form input').focus()")
        self.page.do("type", name)
        self.page.do("key", "Enter")

    def resize(self, size: str) -> None:
        self.page.do("resize", SIZES[size])
        self.awaits(f"innerWidth === {SIZES[size]['width']}")
        # The page has heard of it one frame later, and laid itself out two frames later.
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def presses(self, selector: str, index: int) -> None:
        """Presses one of these buttons; by their place, because their names are in the page's language."""
        self.awaits(f"document.querySelector({json.dumps(selector)}) !== null")
        self.page.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].at({index}).click()")

    def awaits(self, condition: str) -> None:
        if self.page.until(condition, 30).result() is None:
            raise AssertionError(f"never {condition}: {self.page.evaluate('document.body.innerText')}")


def failures(visit: Visit) -> list[str]:
    """What is wrong with a page in any theme and size: of each failure, where it was seen first.

    English is seen in every theme and size, the others in each theme and each size once.
    """
    found: dict[tuple[str, str], str] = {}
    looks = list(product(SIZES, THEMES)) if visit.language == "en" else list(zip(SIZES, THEMES, strict=True))
    for size, theme in looks:
        visit.resize(size)
        # Without motion nothing is looked at half-way between two colours.
        visit.page.do("media", {"colorScheme": theme, "reducedMotion": "reduce"})
        for failure in visit.page.do("axe"):
            seen = f"{failure['id']} in {visit.language}, {theme}, {size}: {failure['html']}"
            found.setdefault((failure["id"], failure["html"]), f"{seen}\n{failure['failureSummary']}")
    visit.resize("desktop")
    return list(found.values())


def expect_none(found: list[str]) -> None:
    assert not found, "\n\n".join(found)


@pytest.fixture(scope="module")
def browser(browsers: Browsers) -> Browser:
    return browsers.get("chromium")


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("axe", max_participants=len(LANGUAGES))
    return appliance.invite("axe", "--role", "host")


@pytest.fixture(scope="module")
def visits(browser: Browser) -> Iterator[list[Visit]]:
    """One page a language."""
    made = [Visit(browser.open(f"axe in {language}", Camera()), language) for language in LANGUAGES]
    yield made
    for visit in made:
        visit.page.do("close")


def test_the_rules_find_what_is_wrong(visits: list[Visit], invite: str) -> None:
    """The positive control: a button without a name is reported."""
    visit = visits[0]
    visit.open(invite)
    visit.awaits("document.querySelector('main') !== null")
    visit.page.evaluate("void document.querySelector('main').append(document.createElement('button'))")
    assert {failure.partition(" ")[0] for failure in failures(visit)} == {"button-name"}


def test_pages_without_a_meeting(visits: list[Visit], invite: str) -> None:
    found: list[str] = []
    for visit in visits:
        for link in (invite.partition("#")[0], f"{invite[:-4]}AAAA"):
            visit.open(link)
            visit.awaits("document.querySelector('h1') !== null")
            found += failures(visit)
    expect_none(found)


def test_before_joining(visits: list[Visit], invite: str) -> None:
    found: list[str] = []
    for visit in visits:
        visit.open(invite)
        visit.awaits("document.querySelector('.preview video')?.videoWidth > 0")
        visit.awaits("document.querySelector('h1') !== null")
        found += failures(visit)
        visit.presses("header button", 0)
        visit.awaits(DIALOG)
        found += failures(visit)
    expect_none(found)


def test_waiting_and_being_turned_away(visits: list[Visit], appliance: RunningAppliance) -> None:
    appliance.conclave("room", "create", "axe-lobby", "--protection", "managed", "--lobby")
    guest, host = appliance.invite("axe-lobby"), appliance.invite("axe-lobby", "--role", "host")
    first, *others = visits
    first.enter(host, "Host")
    first.awaits(IN_MEETING)
    found: list[str] = []
    for visit in others:
        visit.enter(guest, f"Guest in {visit.language}")
        visit.awaits("window.conclave?.state().phase === 'waiting'")
        found += failures(visit)
    first.page.do("show")
    first.page.do("key", "p")
    first.awaits(f"document.querySelectorAll('.lobby [role=group]').length === {len(others)}")
    found += failures(first)
    for left in reversed(range(len(others))):
        first.presses(".lobby [role=group] button", 1)
        first.awaits(f"document.querySelectorAll('.lobby [role=group]').length === {left}")
    for visit in others:
        visit.awaits("window.conclave.state().phase !== 'waiting'")
        found += failures(visit)
    expect_none(found)


def test_the_meeting_its_panels_and_dialogs_and_what_comes_after(
    visits: list[Visit], browser: Browser, invite: str
) -> None:
    found: list[str] = []
    for number, visit in enumerate(visits):
        visit.enter(invite, f"Person {number}")
        visit.awaits(IN_MEETING)
    for visit in visits:
        visit.page.do("show")
        visit.awaits(f"{TILES} === {len(visits)}")
        found += failures(visit)
        for key in ("p", "i"):
            visit.page.do("key", key)
            visit.awaits("document.querySelector('.panel') !== null")
            found += failures(visit)
            visit.page.do("key", "Escape")
            visit.awaits("document.querySelector('.panel') === null")
        visit.page.do("key", "?")
        visit.awaits(DIALOG)
        found += failures(visit)
        visit.page.do("key", "Escape")
        visit.awaits(f"!({DIALOG})")
        for item in (SETTINGS, END_MEETING):
            visit.presses(".controls .menu > button", -1)
            visit.awaits("document.querySelector('[role=menu]') !== null")
            if item == SETTINGS:
                found += failures(visit)
            visit.presses("[role=menu] button", item)
            visit.awaits(DIALOG)
            found += failures(visit)
            visit.page.do("key", "Escape")
            visit.awaits(f"!({DIALOG})")

    full = Visit(browser.open("axe refused"), "de")
    full.enter(invite, "Niemand")
    full.awaits("window.conclave.state().phase === 'refused'")
    found += failures(full)
    full.page.do("close")

    first, *others = visits
    first.page.do("key", "Control+Shift+L")
    first.awaits("window.conclave.state().phase === 'left'")
    found += failures(first)
    ending = others[0]
    ending.presses(".controls .menu > button", -1)
    ending.presses("[role=menu] button", END_MEETING)
    ending.awaits(DIALOG)
    ending.presses("dialog .button", -1)
    for visit in others:
        visit.awaits("window.conclave.state().phase === 'ended'")
        found += failures(visit)
    expect_none(found)
