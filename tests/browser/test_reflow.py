"""Nothing is cut off or lies beside the page when there is little room or much text (WCAG 1.4.4, 1.4.10)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Camera
from tests.browser.conftest import Browsers
from tests.browser.test_axe import IN_MEETING, Visit

pytestmark = pytest.mark.timeout(240)

# Texts longer by half; long German words; writing from right to left.
LANGUAGES = ("pseudo", pytest.param("de", marks=pytest.mark.full), pytest.param("pseudo-rtl", marks=pytest.mark.full))
# The least width of WCAG 1.4.10, a phone, the same held across, the narrowest window with all controls, and a laptop.
SIZES = ((320, 568), (390, 844), (844, 390), (640, 800), (1280, 800))
# What a person has written is shortened with an ellipsis where it must be; a browser draws its own selections.
SHORTENED = ".caption-name, .person-name, .top-room, select, .version, .hidden-text, .skip"
# Texts of which a part is hidden by something around them, or which reach out of the page sideways.
CUT = f"""(() => {{
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {{
    const element = node.parentElement;
    if (node.data.trim() === "" || element.closest({SHORTENED!r}) || !element.checkVisibility()) continue;
    const over = document.querySelector("dialog[open]");
    if (over !== null && !over.contains(element)) continue;
    if (getComputedStyle(element).clipPath !== "none") continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {{
      let clipped = rect.left < -1 || rect.right > innerWidth + 1;
      for (let around = element; around !== document.body; around = around.parentElement) {{
        const {{ overflowX, overflowY }} = getComputedStyle(around);
        const box = around.getBoundingClientRect();
        if (overflowX !== "visible") clipped ||= rect.left < box.left - 1 || rect.right > box.right + 1;
        if (overflowY === "hidden") clipped ||= rect.top < box.top - 3 || rect.bottom > box.bottom + 3;
        if (getComputedStyle(around).position === "fixed") break;
      }}
      if (clipped) found.push(node.data);
    }}
  }}
  for (const box of document.querySelectorAll("html, dialog[open], .panel-body, .dialog-body")) {{
    const tooWide = box.scrollWidth - box.clientWidth;
    if (tooWide > 1) found.push(`${{box.className || box.tagName}} is ${{tooWide}} px too wide`);
  }}
  return [...new Set(found)];
}})()"""


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.conclave("room", "create", "reflow", "--protection", "managed", "--display-name", "Halbjahresabschluss")
    return appliance.invite("reflow", "--role", "host")


@pytest.fixture(scope="module", params=LANGUAGES)
def visit(request: pytest.FixtureRequest, browsers: Browsers) -> Iterator[Visit]:
    made = Visit(browsers.get("chromium").open(f"reflow in {request.param}", Camera()), request.param)
    made.page.do("media", {"reducedMotion": "reduce"})
    yield made
    made.page.do("close")


def cut(visit: Visit, what: str) -> list[str]:
    """Everything cut in any size, then at twice the text's size where the window is a laptop's."""
    found = []
    for width, height, text in (*((*size, "100%") for size in SIZES), (1280, 800, "200%")):
        visit.page.do("resize", {"width": width, "height": height})
        visit.page.evaluate(f"document.documentElement.style.fontSize = '{text}'")
        visit.awaits(f"innerWidth === {width}")
        visit.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found += [f"{what}, {width}x{height}, {text}: {each}" for each in visit.page.evaluate(CUT)]
    visit.page.evaluate("document.documentElement.style.fontSize = ''")
    return found


def test_what_is_cut_is_found(visit: Visit, invite: str) -> None:
    """The positive control."""
    visit.open(invite)
    visit.awaits("document.querySelector('h1') !== null")
    visit.page.evaluate("document.querySelector('h1').style = 'width: 2em; overflow: hidden; white-space: nowrap'")
    assert any("Halbjahresabschluss" in each for each in cut(visit, "a page with a cut heading"))


def test_nothing_is_cut(visit: Visit, invite: str) -> None:
    visit.open(invite)
    visit.awaits("document.querySelector('.preview video')?.videoWidth > 0")
    found = cut(visit, "before the meeting")
    visit.enter(invite, "Wolfgang Schneider")
    visit.awaits(IN_MEETING)
    found += cut(visit, "meeting")
    for key, what in (("p", "people"), ("i", "security"), ("?", "keys")):
        visit.page.do("resize", {"width": 1280, "height": 800})
        visit.page.do("key", key)
        visit.awaits("document.querySelector('.panel, dialog[open]') !== null")
        found += cut(visit, what)
        visit.page.do("key", "Escape")
        visit.awaits("document.querySelector('.panel, dialog[open]') === null")
    visit.presses(".controls .menu > button", -1)
    visit.awaits("document.querySelector('[role=menu]') !== null")
    visit.presses("[role=menu] button", -3)
    visit.awaits("document.querySelector('dialog[open]') !== null")
    found += cut(visit, "settings")
    visit.page.do("key", "Escape")
    visit.page.do("key", "Control+Shift+L")
    visit.awaits("window.conclave.state().phase === 'left'")
    found += cut(visit, "after the meeting")
    assert not found, "\n".join(found)
