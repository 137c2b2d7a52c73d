"""One person twice: a personal invite opened in two tabs, and a session that goes on in another connection."""

from __future__ import annotations

import base64
import json
from functools import partial

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.conditions import is_present, says
from tests.browser.conftest import Browsers, People
from tests.browser.participants import Participant, eventually

from conclave.v1.signalling_pb2 import ClientMessage, ServerMessage

pytestmark = [pytest.mark.full, pytest.mark.timeout(180)]

WATCHING, TWICE = "Amara Okafor", "Jonas Lindqvist"

# Notes what signalling says in both directions, as base64.
_NOTING = """
  window.sent = [];
  window.received = [];
  const noted = (data) => btoa(String.fromCharCode(...new Uint8Array(data)));
  window.WebSocket = class extends WebSocket {
    constructor(...where) {
      super(...where);
      this.addEventListener("message", ({ data }) => window.received.push(noted(data)));
    }
    send(data) {
      window.sent.push(noted(data));
      super.send(data);
    }
  };
"""


@pytest.fixture(scope="module")
def room(appliance: RunningAppliance) -> str:
    appliance.make_room("twice")
    return "twice"


def knows(participant: Participant, names: list[str]) -> bool:
    return sorted(each["name"] for each in participant.state()["participants"]) == names


def decoded_frames(watching: Participant, name: str) -> dict[str, int]:
    """By participant, of everybody of this name whose camera has a slot."""
    owners = {each["id"] for each in watching.state()["participants"] if each["name"] == name}
    frames = {}
    for slot in watching.statistics()["slots"]:
        owner, _, kind = slot["sourceId"].rpartition("/")
        if owner in owners and kind == "camera":
            frames[owner] = int(slot["framesDecoded"])
    return frames


def resuming(page: Participant) -> bytes:
    """The Hello with which another connection goes on with a page's session."""
    received = [ServerMessage.FromString(base64.b64decode(each)) for each in page.page.evaluate("window.received")]
    (joined,) = (each.joined for each in received if each.HasField("joined"))
    hello = ClientMessage.FromString(base64.b64decode(page.page.evaluate("window.sent[0]")))
    assert hello.hello.invite_token
    hello.hello.resume_token = joined.resume_token
    return hello.SerializeToString()


def test_a_personal_invite_in_two_tabs_is_two_participants(
    appliance: RunningAppliance, browsers: Browsers, people: People, room: str
) -> None:
    watching = people.add(browsers.get("chromium"), WATCHING, appliance.invite(room, "--role", "host"))
    personal = appliance.invite(room, "--for", TWICE)
    tabs = [people.add(browsers.get("chromium", "-twice"), TWICE, personal) for _ in range(2)]
    for each in (watching, *tabs):
        eventually("everybody is known", 15, partial(knows, each, sorted([WATCHING, TWICE, TWICE])))
    tiles = f"document.querySelectorAll('[role=group][aria-label={json.dumps(TWICE)}]').length === 2"
    watching.come_to_front()
    watching.must_see(tiles)
    eventually(
        "both cameras are seen",
        60,
        lambda: len(seen := decoded_frames(watching, TWICE)) == 2 and min(seen.values()) > 5,
    )
    for tab in tabs:
        people.remove(tab)
    watching.must_see(f"!({is_present(TWICE)})")
    people.remove(watching)


@pytest.mark.parametrize("engine", ["chromium", pytest.param("firefox", marks=pytest.mark.full)])
def test_a_session_that_goes_on_elsewhere_says_so_here(
    appliance: RunningAppliance, browsers: Browsers, people: People, room: str, engine: str
) -> None:
    watching = people.add(browsers.get("chromium"), WATCHING, appliance.invite(room, "--role", "host"))
    here = Participant(browsers.get(engine, "-twice"), TWICE, script=_NOTING)
    people.present.append(here)
    here.join(appliance.invite(room))
    known = {each["name"]: each["id"] for each in here.state()["participants"]}
    elsewhere = browsers.get(engine, "-twice").open("elsewhere")
    elsewhere.do("goto", here.page.evaluate("location.origin") + "/check")
    hello = base64.b64encode(resuming(here)).decode()
    answer = elsewhere.evaluate(f"""new Promise((resolve, reject) => {{
      const socket = new WebSocket(new URL("/signal", location.href.replace(/^http/, "ws")), "conclave.v1");
      window.held = socket;
      socket.binaryType = "arraybuffer";
      socket.onopen = () => socket.send(Uint8Array.from(atob("{hello}"), (each) => each.charCodeAt(0)));
      socket.onmessage = ({{ data }}) => resolve(btoa(String.fromCharCode(...new Uint8Array(data))));
      socket.onclose = () => reject(new Error("closed"));
    }})""")
    resumed = ServerMessage.FromString(base64.b64decode(answer)).welcome.resumed
    assert resumed.participant_id == known[TWICE]
    here.must_see(says("Opened elsewhere"))
    assert here.state()["phase"] == "refused"
    # For the others it is the one it was.
    assert {each["name"]: each["id"] for each in watching.state()["participants"]} == known
    elsewhere.do("close")
    people.remove(here)
    people.remove(watching)
