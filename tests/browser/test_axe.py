"""axe-core finds nothing on any page, in either theme, wide and narrow, in German and from right to left."""

from __future__ import annotations

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

    def join(self, invite: str, name: str) -> None:
        self.open(invite)
        self.awaits("document.querySelector('input') !== null")
        self.page.evaluate("document.querySelector('input').focus()")
        self.page.do("type", name)
        self.page.do("key", "Enter")
        self.awaits(IN_MEETING)

    def awaits(self, condition: str) -> None:
        if self.page.until(condition, 30).result() is None:
            raise AssertionError(f"never {condition}: {self.page.evaluate('document.body.innerText')}")


def failures(visit: Visit) -> list[str]:
    """What is wrong with a page in any theme and size: of each failure, where it was seen first."""
    found: dict[tuple[str, str], str] = {}
    for (size_name, size), theme in product(SIZES.items(), THEMES):
        visit.page.do("resize", size)
        # Without motion nothing is looked at half-way between two colours.
        visit.page.do("media", {"colorScheme": theme, "reducedMotion": "reduce"})
        for failure in visit.page.do("axe"):
            seen = f"{failure['id']} in {visit.language}, {theme}, {size_name}: {failure['html']}"
            found.setdefault((failure["id"], failure["html"]), f"{seen}\n{failure['failureSummary']}")
    visit.page.do("resize", SIZES["desktop"])
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
        visit.awaits(
            "document.querySelector('.preview video')?.videoWidth > 0 && document.querySelector('h1') !== null"
        )
        found += failures(visit)
    expect_none(found)


def test_the_meeting_its_panels_and_dialogs_and_what_comes_after(
    visits: list[Visit], browser: Browser, invite: str
) -> None:
    found: list[str] = []
    for number, visit in enumerate(visits):
        visit.join(invite, f"Person {number}")
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
        visit.awaits("document.querySelector('dialog[open]') !== null")
        found += failures(visit)
        visit.page.do("key", "Escape")

    refused = Visit(browser.open("axe refused"), "de")
    refused.open(invite)
    refused.awaits("document.querySelector('input') !== null")
    refused.page.evaluate("document.querySelector('input').focus()")
    refused.page.do("type", "Niemand")
    refused.page.do("key", "Enter")
    refused.awaits("window.conclave.state().phase === 'refused'")
    found += failures(refused)
    refused.page.do("close")

    for visit in visits:
        visit.page.do("key", "Control+Shift+L")
        visit.awaits("window.conclave.state().phase === 'left'")
        found += failures(visit)
    expect_none(found)
