"""What a screen reader finds on the pages: their accessibility trees, as Chromium builds them.

Each outline was read and judged: landmarks, one first heading and no level left out, a name for every control that
says what pressing it does, groups for tiles, lists for people, and live regions that are there before they speak.
"""

from __future__ import annotations

import re

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Page
from tests.browser.conditions import is_present
from tests.browser.conftest import Browsers, People
from tests.browser.participants import Participant, eventually

pytestmark = pytest.mark.timeout(180)

ROOM = "outline"
HOST, MEMBER, GUEST, WAITING = "Amara Okafor", "Jonas Lindqvist", "Mei-Lin Chen", "Priya Raman"
# What differs from one time to the next, or is not said, and how the outlines below write it.
STEADY = (
    (re.compile(r"text: Conclave [\d.]+:\d+"), "text: Conclave ADDRESS"),
    (re.compile(r"text: Version \w+…"), "text: Version HASH"),
    (re.compile(r"status: We can('t hear you yet| hear you)"), "status: HEARD"),
    (re.compile(r'(timer "Running time"): [\d:]+'), r"\1: TIME"),
    (re.compile(r'button "(Connecting…|Connection (good|weak|poor))"'), 'button "CONNECTION"'),
    # It is said for a while only.
    (re.compile(r"status: You are muted Hold Space to talk\."), "status"),
    # On a busy machine somebody's connection may be told to be poor.
    (re.compile(r"^ +- paragraph: .*'s connection is (weak|poor)\..*\n", re.MULTILINE), ""),
    (
        re.compile(
            rf" ({HOST}|{MEMBER}|{GUEST})'s connection is (weak|poor)\.( (Sound|What|There|The camera) [^.\n]*\.)?"
        ),
        "",
    ),
    (re.compile(r"^- (status|alert)(: .*)?$", re.MULTILINE), r"- \1"),
    (re.compile(r"^ +- (option .*|/url: .*)\n", re.MULTILINE), ""),
    (re.compile(r":$", re.MULTILINE), ""),
)

BLUR = (
    "Blur my background Everything but you is blurred, on this device. "
    "Until that works, the others see all of your picture blurred."
)
PREJOIN = f"""\
- banner
  - text: Conclave ADDRESS
  - button "Settings"
- status
- main
  - region "Your camera and microphone"
    - status: HEARD
    - button "Mute microphone"
    - button "Turn camera off"
    - text: Microphone
    - combobox "Microphone"
    - text: Speaker
    - combobox "Speaker"
    - text: Camera
    - combobox "Camera"
    - checkbox "{BLUR}"
    - text: {BLUR}
  - paragraph: You are invited to
  - heading "outline" [level=1]
  - 'heading "Managed: the appliance can read" [level=2]'
  - paragraph: Encrypted on the way. The appliance can read what is said and shown here.
  - heading "Not recorded" [level=2]
  - paragraph: "No recording is made. Kept: who met and when."
  - form "Join meeting"
    - text: Your name
    - textbox "Your name"
    - button "Join meeting"
    - status
- contentinfo
  - link "Check camera, microphone and connection"
  - text: Version HASH
"""

TOP = """\
- link "Skip to the meeting"
- link "Skip to the controls"
- banner
  - heading "outline" [level=1]
  - 'button "Security: Managed: the appliance can read; Not recorded"'
  - button "CONNECTION"
  - timer "Running time": TIME
  - button "Show the speaker large"
"""

TILES = """\
  - group "Amara Okafor"
    - text: Muted Amara Okafor (you)
    - button "Enlarge Amara Okafor"
    - button "More about Amara Okafor"
  - group "Jonas Lindqvist"
    - text: Jonas Lindqvist
    - button "Enlarge Jonas Lindqvist"
    - button "More about Jonas Lindqvist"
  - group "Mei-Lin Chen"
    - text: Mei-Lin Chen Hand raised
    - button "Enlarge Mei-Lin Chen"
    - button "More about Mei-Lin Chen"
"""

CONTROLS = """\
- contentinfo "Meeting controls"
  - button "Unmute microphone": Unmute
  - button "Turn camera off": Camera off
  - button "Share screen": Share
  - button "Raise hand": Hand
  - button "React"
  - button "More actions": More
  - button "Leave meeting": Leave
  - group "Panels"
"""

MEETING = f"""\
{TOP}\
- main
  - status
  - status
  - status
  - status
  - status
{TILES}\
{CONTROLS}\
    - button "People": People 3
    - button "Chat"
    - button "Security"
- status
- alert
"""

PEOPLE_AND_LOBBY = f"""\
{TOP}\
- main
  - status
  - status
  - status
  - status
{TILES}\
- complementary "People"
  - heading "People" [level=2]
  - button "Invite"
  - button "Close People"
  - status
  - region "Waiting in the lobby"
    - heading "Waiting in the lobby 1" [level=3]
    - list
      - listitem
        - group "Priya Raman"
          - paragraph: Priya Raman
          - paragraph: Guest link · name not verified
          - button "Admit"
          - button "Turn away"
  - heading "In the meeting 3" [level=3]
  - list "In the meeting 3"
    - listitem
      - paragraph: Amara Okafor (you)
      - paragraph: Host
      - text: Muted
      - button "More actions for Amara Okafor"
    - listitem
      - paragraph: Jonas Lindqvist
      - paragraph: Host
      - button "More actions for Jonas Lindqvist"
    - listitem
      - paragraph: Mei-Lin Chen
      - paragraph: Guest
      - text: Hand raised, number 1
      - button "More actions for Mei-Lin Chen"
  - button "Mute everyone"
  - switch "Lock meeting"
{CONTROLS}\
    - button "People" [expanded]: People 1
    - button "Chat"
    - button "Security"
- status
- alert
"""


def outline_of(page: Page) -> str:
    told = str(page.do("outline")) + "\n"
    for pattern, steady in STEADY:
        told = pattern.sub(steady, told)
    return told


def has_outline(page: Page, expected: str) -> None:
    """What the page says may still be on its way."""
    told = [""]

    def is_it() -> bool:
        told[0] = outline_of(page)
        return told[0] == expected

    try:
        eventually("the outline is as expected", 15, is_it)
    except AssertionError:
        assert told[0] == expected


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.conclave("room", "create", ROOM, "--protection", "managed", "--lobby")
    return appliance.invite(ROOM, "--role", "host")


@pytest.fixture(scope="module")
def host(browsers: Browsers, people: People, appliance: RunningAppliance, invite: str) -> Participant:
    """Muted, in a meeting of three, of whom one has a hand up."""
    chromium = browsers.get("chromium")
    host = people.add(chromium, HOST, invite)
    people.add(chromium, MEMBER, invite)
    guest = Participant(chromium, GUEST)
    people.present.append(guest)
    guest.ask(appliance.invite(ROOM))
    host.come_to_front()
    host.press("Admit")
    guest.comes_in()
    guest.press("Raise hand")
    host.come_to_front()
    host.press("Mute microphone")
    host.must_see(is_present(GUEST))
    return host


def test_before_the_meeting(browsers: Browsers, invite: str) -> None:
    page = browsers.get("chromium").open("before")
    page.do("goto", invite)
    assert page.until("document.querySelector('.preview video')?.videoWidth > 0", 30).result()
    has_outline(page, PREJOIN)
    page.do("close")


def test_a_meeting_of_three(host: Participant) -> None:
    has_outline(host.page, MEETING)


def test_the_people_panel_with_somebody_in_the_lobby(
    host: Participant, browsers: Browsers, appliance: RunningAppliance
) -> None:
    waiting = Participant(browsers.get("chromium"), WAITING)
    waiting.ask(appliance.invite(ROOM))
    host.come_to_front()
    host.page.do("key", "p")
    has_outline(host.page, PEOPLE_AND_LOBBY)
    host.page.do("key", "Escape")
    waiting.close()
