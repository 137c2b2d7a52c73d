"""The stage: layouts, pins, pages' pictures, and what the appliance is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.conftest import Browsers, People
from tests.browser.participants import Participant, eventually

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("appliance")]

LOOKS_ON = "Hannah Weiss"
OTHERS = ("Jonas Lindqvist", "Mei-Lin Chen")
LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


in_firefox_rarely = pytest.mark.parametrize(
    "hannah", ["chromium", pytest.param("firefox", marks=pytest.mark.full)], indirect=True
)


@pytest.fixture(scope="module")
def invite(browsers: Browsers, people: People, appliance: RunningAppliance) -> str:
    """Into a meeting of the others."""
    appliance.make_room("stage", max_participants=100)
    invite = appliance.invite("stage", "--role", "host")
    for name in OTHERS:
        people.add(browsers.get("chromium"), name, invite)
    return invite


@pytest.fixture(scope="module")
def hannah(request: pytest.FixtureRequest, browsers: Browsers, people: People, invite: str) -> Iterator[Participant]:
    """Who looks on, in the browser that a test says."""
    hannah = people.add(browsers.get(request.param), LOOKS_ON, invite)
    hannah.receives([f"{name}/camera" for name in OTHERS], 60)
    yield hannah
    hannah.press("Leave meeting")
    people.remove(hannah)


@pytest.fixture(autouse=True)
def laptop(hannah: Participant) -> Iterator[None]:
    yield
    hannah.page.do("resize", LAPTOP)


def tile(name: str) -> str:
    return f'document.querySelector(`.tile[aria-label="{name}"]`)'


def width(hannah: Participant, name: str) -> float:
    return float(hannah.page.evaluate(f"{tile(name)}.getBoundingClientRect().width"))


def all_alike(hannah: Participant) -> bool:
    widths = [width(hannah, name) for name in (LOOKS_ON, *OTHERS)]
    return max(widths) - min(widths) <= 1


def main_is(hannah: Participant, name: str) -> bool:
    return width(hannah, name) > 900


@pytest.mark.parametrize("hannah", ["chromium", pytest.param("firefox", marks=pytest.mark.full)], indirect=True)
def test_the_grid_shows_everybody_alike_and_moving(hannah: Participant) -> None:
    eventually("all tiles are alike", 5, lambda: all_alike(hannah))
    for name in (LOOKS_ON, *OTHERS):
        assert hannah.page.evaluate(f"{tile(name)}.querySelector('video').videoWidth > 0")


@in_firefox_rarely
def test_keys_pin_and_change_the_layout(hannah: Participant) -> None:
    page = hannah.page
    page.evaluate(f"{tile(OTHERS[0])}.focus()")
    page.do("key", "Enter")
    eventually("the pinned tile is large", 5, lambda: main_is(hannah, OTHERS[0]))
    assert page.evaluate(f"{tile(OTHERS[0])}.textContent.includes('Pinned')")
    page.do("key", "g")
    eventually("all tiles are alike again", 5, lambda: all_alike(hannah))
    page.do("key", "g")
    eventually("somebody else is large", 5, lambda: any(main_is(hannah, name) for name in OTHERS))
    hannah.press("Show everybody alike")
    eventually("all tiles are alike at last", 5, lambda: all_alike(hannah))


@in_firefox_rarely
def test_arrows_move_between_tiles_of_which_tab_finds_one(hannah: Participant) -> None:
    page = hannah.page
    assert page.evaluate("document.querySelectorAll('.tile[tabindex=\"0\"]').length") == 1
    page.evaluate("document.querySelector('.tile').focus()")
    focused = "document.activeElement.getAttribute('aria-label')"
    seen = {page.evaluate(focused)}
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.do("key", key)
        seen.add(page.evaluate(focused))
    assert seen == {LOOKS_ON, *OTHERS}
    page.do("key", "Escape")
    assert page.evaluate("document.activeElement === document.body")


@in_firefox_rarely
def test_pictures_go_on_through_a_change_of_layout(hannah: Participant) -> None:
    page = hannah.page
    page.evaluate(f"window.heldVideo = {tile(OTHERS[0])}.querySelector('video'); window.heldVideo.currentTime")
    page.do("key", "g")
    eventually("somebody is large", 5, lambda: not all_alike(hannah))
    assert page.evaluate(f"window.heldVideo === {tile(OTHERS[0])}.querySelector('video') && !window.heldVideo.paused")
    page.do("key", "g")
    eventually("all tiles are alike", 5, lambda: all_alike(hannah))


@pytest.mark.parametrize("hannah", ["chromium"], indirect=True)
@pytest.mark.parametrize("window", [LAPTOP, PHONE, {"width": 844, "height": 390}], ids=["laptop", "phone", "low"])
def test_captions_have_a_place_that_covers_nobody(hannah: Participant, window: dict[str, int]) -> None:
    """Nobody writes captions yet: the test does, where they will stand."""
    page = hannah.page
    page.do("resize", window)
    captions = "document.querySelector('[role=log][aria-label=Captions]')"
    assert page.evaluate(f"!{captions}.checkVisibility()")
    page.evaluate(f"void {captions}.append('The second line starts in March, and nobody moves before the summer.')")
    covered = f"""[...document.querySelectorAll('.tile, .controls, .top')].filter((each) => {{
      const [a, b] = [each.getBoundingClientRect(), {captions}.getBoundingClientRect()];
      return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    }}).map((each) => each.ariaLabel ?? each.className)"""
    eventually("the captions cover nothing", 5, lambda: page.evaluate(covered) == [])
    assert page.evaluate(f"{captions}.getBoundingClientRect().height >= 60")
    page.evaluate(f"getSelection().selectAllChildren({captions})")
    assert "in March" in page.evaluate("getSelection().toString()")
    page.evaluate(f"{captions}.replaceChildren()")
    eventually("their place is given back", 5, lambda: page.evaluate(f"!{captions}.checkVisibility()"))


def hide(hannah: Participant, hidden: bool) -> None:
    """What a browser does when a tab goes behind another; headless pages are always in front."""
    hannah.page.evaluate(
        f"Object.defineProperty(document, 'hidden', {{configurable: true, get: () => {str(hidden).lower()}}});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )


def video_packets(hannah: Participant) -> int:
    return sum(slot["packetsReceived"] for slot in hannah.statistics()["slots"] if slot["kind"] == "video")


@in_firefox_rarely
def test_a_hidden_page_gets_no_pictures_but_sound(hannah: Participant) -> None:
    hide(hannah, True)

    def nothing_is_shown() -> bool:
        return not any(slot["sourceId"] for slot in hannah.state()["slots"] if not slot["audio"])

    eventually("no slot shows a picture", 10, nothing_is_shown)
    before = video_packets(hannah)
    # As long as it takes for a good deal of sound to come.
    hannah.receives([f"{name}/microphone" for name in OTHERS], 20, growth=75)
    assert video_packets(hannah) - before <= 5
    hide(hannah, False)
    hannah.receives([f"{name}/camera" for name in OTHERS], 20)


@in_firefox_rarely
def test_a_phone_lets_ones_own_tile_float_and_be_moved(hannah: Participant) -> None:
    page = hannah.page
    page.do("resize", PHONE)
    eventually("the own tile floats", 5, lambda: width(hannah, LOOKS_ON) == 92)
    place = f"(({{right, bottom}}) => [right, bottom])({tile(LOOKS_ON)}.getBoundingClientRect())"
    stage = "(({right, bottom}) => [right, bottom])(document.querySelector('.stage').getBoundingClientRect())"
    right, bottom = page.evaluate(place)
    assert page.evaluate(stage) == [right + 12, bottom + 12]
    page.evaluate(f"{tile(LOOKS_ON)}.focus()")
    page.do("key", "Shift+ArrowUp")
    eventually("it has moved", 5, lambda: page.evaluate(place) == [right, bottom - 24])
    page.evaluate(f"""(() => {{
        const tile = {tile(LOOKS_ON)};
        const {{ left, top }} = tile.getBoundingClientRect();
        tile.setPointerCapture = () => undefined;
        const at = (type, x, y) => tile.dispatchEvent(new PointerEvent(type, {{
            bubbles: true, pointerId: 1, clientX: x, clientY: y,
        }}));
        at('pointerdown', left + 40, top + 20);
        at('pointermove', left - 60, top - 80);
        at('lostpointercapture', left - 60, top - 80);
    }})()""")
    eventually("it was dragged", 5, lambda: page.evaluate(place) == [right - 100, bottom - 124])


@in_firefox_rarely
def test_a_small_window_shows_the_picture_that_matters(hannah: Participant) -> None:
    page = hannah.page
    hannah.press("More actions")
    page.evaluate(
        "[...document.querySelectorAll('[role=menuitemcheckbox]')]"
        ".find((item) => item.textContent === 'Picture in picture').click()"
    )
    video = "window.documentPictureInPicture.window?.document.querySelector('video')"
    assert page.until(f"({video}?.videoWidth ?? 0) > 0", 10).result() is not None
    # What the window shows goes on while the page is hidden, and nothing else does.
    hide(hannah, True)

    def one_is_shown() -> bool:
        return sum(bool(slot["sourceId"]) for slot in hannah.state()["slots"] if not slot["audio"]) == 1

    eventually("one slot shows a picture", 10, one_is_shown)
    hide(hannah, False)
    page.evaluate("window.documentPictureInPicture.window.close()")
    hannah.receives([f"{name}/camera" for name in OTHERS], 20)


@in_firefox_rarely
def test_a_shared_screen_is_large_and_can_be_scrolled_in_its_own_size(hannah: Participant, people: People) -> None:
    page = hannah.page
    page.evaluate("document.activeElement.blur()")
    sharing = people.present[0]
    sharing.press("Share screen")
    screen = f"{sharing.name}'s screen"
    hannah.receives([f"{sharing.name}/screen"], 30)
    eventually("the screen is large", 5, lambda: main_is(hannah, screen))
    page.do("resize", {"width": 1280, "height": 560})
    inside = f"{tile(screen)}.querySelector('.tile-inside')"
    assert page.evaluate(f"{inside}.scrollHeight <= {inside}.clientHeight")
    hannah.press("Actual size")
    eventually("it can be scrolled", 5, lambda: page.evaluate(f"{inside}.scrollHeight > {inside}.clientHeight"))
    hannah.press("Fit")
    sharing.page.evaluate("document.querySelector('.control[aria-label=\"Stop sharing\"]').click()")
    eventually("all tiles are alike again", 10, lambda: all_alike(hannah))


@in_firefox_rarely
def test_every_picture_of_a_page_has_a_slot(hannah: Participant) -> None:
    slots = [slot for slot in hannah.state()["slots"] if not slot["audio"]]
    assert len(slots) == 48  # A page of 49 tiles, oneself among them.
    assert not [line for line in hannah.page.do("messages") if line.startswith(("error", "pageerror"))]
