"""`./appliance/up --demo` and `conclave demo`: synthetic participants whom a client of its own sees and hears."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.ports import free_ports

from conclave.client import Client, EventStream, Meeting, PictureStream, Source, SpeakersChanged
from conclave.services.demo.people import PEOPLE
from conclave.services.demo.portrait import Portrait

ROOT = Path(__file__).resolve().parents[2]
FIRST = [person.name for person in PEOPLE[:3]]

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Demo:
    """One appliance that was started with --demo."""

    state: Path
    output: str

    def conclave(self, *arguments: str) -> Any:
        """What a command answers, as JSON."""
        command = [ROOT / ".venv" / "bin" / "conclave", "--state", self.state, "--json", *arguments]
        return json.loads(call(*map(str, command)))

    def look(self, *arguments: str) -> Any:
        """What a command answers that may find the appliance in pieces; empty when control is away."""
        command = [ROOT / ".venv" / "bin" / "conclave", "--state", self.state, "--json", *arguments]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout or "{}")

    def attendees(self) -> dict[str, dict[str, Any]]:
        """What `conclave demo status` tells of each."""
        return {each["name"]: each for each in self.conclave("demo", "status")["attendees"]}

    def meeting(self) -> dict[str, dict[str, Any]]:
        """What the appliance knows of each participant of the demo's room."""
        meetings = self.look("meeting", "list", "--room", "demo").get("meetings")
        people = meetings[0]["participants"] if meetings else []
        return {person["display_name"]: person for person in people}

    def sends(self, name: str) -> set[str]:
        """Which sources of a participant reach the appliance."""
        person = self.meeting().get(name, {"connection_state": "", "sources": []})
        if person["connection_state"] != "CONNECTION_STATE_CONNECTED":
            return set()
        return {source["id"].partition("/")[2] for source in person["sources"] if source["active"]}

    def process_id(self, program: str) -> int:
        """The process id of a program; 0 while it does not run."""
        supervised = self.look("status").get("supervised", [])
        return next((each["pid"] for each in supervised if each["name"] == program), 0)

    def host_link(self) -> str:
        """The invite that the start printed for who looks at the demo."""
        _, _, rest = self.output.partition("The demo goes on")
        return rest.split()[6]


def call(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Returns when the condition holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    # Where system users may pass, whatever else runs: pytest closes its own directory to them at every start.
    with tempfile.TemporaryDirectory(prefix="cv-") as directory:
        Path(directory).chmod(0o755)
        yield from started(Path(directory) / "state")


def started(state: Path) -> Iterator[Demo]:
    port, media_port = free_ports()
    ports = ["--port", str(port), "--media-port", str(media_port)]
    own = ["--state", str(state), "--address", "127.0.0.1", *ports]
    try:
        yield Demo(state, call(str(ROOT / "appliance" / "up"), "--detach", "--demo", *own))
    finally:
        subprocess.run([ROOT / "appliance" / "down", "--state", state], capture_output=True, check=False)


@asynccontextmanager
async def watching(demo: Demo) -> AsyncIterator[Meeting]:
    """The meeting as a host of its own sees it."""
    async with await Client.join(demo.host_link(), name="Wanda", authority=demo.state / "ca" / "ca.pem") as meeting:
        yield meeting


async def picture(stream: PictureStream, width: int, count: int = 8) -> Any:
    """The brightness of a picture of this width; the pictures before it are passed over."""
    seen = 0
    async with asyncio.timeout(60):
        async for each in stream:
            seen += each.image.shape[1] == width
            if seen >= count:
                # ITU-R BT.601 section 2.5.1.
                return each.image @ np.array([0.299, 0.587, 0.114])
    raise AssertionError("the picture ended")


async def hears(meeting: Meeting) -> None:
    """Returns once somebody is heard."""
    async with asyncio.timeout(60):
        async for sound in meeting.sounds():
            if np.abs(sound.samples).max() >= 500:
                return


async def speakers(events: EventStream, count: int) -> set[str]:
    """Who is told to speak until there were that many."""
    found: set[str] = set()
    async with asyncio.timeout(90):
        async for event in events:
            if isinstance(event, SpeakersChanged):
                found |= {person.name for person in event.participants}
            if len(found) >= count:
                return found
    raise AssertionError("the meeting ended")


def likeness(seen: Any, drawn: Any) -> float:
    """How much a picture is like a drawing, 1 for the same."""
    return float(np.corrcoef(seen[::4, ::4].ravel(), drawn[::4, ::4].ravel())[0, 1])


async def test_three_people_are_seen_and_heard_who_are_who_they_say(demo: Demo) -> None:
    wait_for(lambda: all(demo.sends(name) == {"microphone", "camera"} for name in FIRST))
    assert [each["state"] for each in demo.attendees().values()] == ["present"] * 3
    drawn = {person.name: Portrait(person).frame(0, 0).y for person in PEOPLE[:3]}
    async with watching(demo) as meeting:
        assert {person.name for person in meeting.participants} == {*FIRST, "Wanda"}
        events = meeting.events()
        streams = {name: meeting.pictures(meeting.participant(name)) for name in FIRST}
        await asyncio.gather(hears(meeting), *(picture(stream, 640) for stream in streams.values()))
        for name, stream in streams.items():
            seen = await picture(stream, 640)
            assert seen.shape == (360, 640)
            alike = {other: likeness(seen, drawn[other]) for other in FIRST}
            assert max(alike, key=lambda other: alike[other]) == name
            # An encoder starts coarse and gets finer.
            async with asyncio.timeout(60):
                while likeness(seen, drawn[name]) <= 0.9:
                    seen = await picture(stream, 640, count=1)
        assert len(await speakers(events, 2)) >= 2


async def test_one_shares_a_screen_until_told_otherwise(demo: Demo) -> None:
    (sharing,) = demo.conclave("demo", "share")["attendees"]
    assert (sharing["name"], sharing["screen"]) == (FIRST[1], True)
    wait_for(lambda: "screen" in demo.sends(FIRST[1]))
    async with watching(demo) as meeting:
        seen = await picture(meeting.pictures(meeting.participant(FIRST[1]), source=Source.SCREEN), 1280, count=2)
        assert (seen > 225).mean() > 0.5, "the slide is white"
    assert [each["name"] for each in demo.conclave("demo", "share", "--stop")["attendees"]] == [FIRST[1]]
    wait_for(lambda: "screen" not in demo.sends(FIRST[1]))


def test_people_are_added_and_removed(demo: Demo) -> None:
    added = [each["name"] for each in demo.conclave("demo", "add", "--count", "2")["attendees"]]
    assert added == [person.name for person in PEOPLE[3:5]]
    wait_for(lambda: (demo.sends(added[0]), demo.sends(added[1])) == ({"microphone", "camera"}, {"camera"}))
    assert [each["state"] for each in demo.conclave("demo", "remove")["attendees"]] == ["gone"]
    demo.conclave("demo", "remove", added[0])
    assert list(demo.attendees()) == FIRST
    wait_for(lambda: sorted(demo.meeting()) == sorted(FIRST))


def test_more_people_than_there_are_is_refused(demo: Demo) -> None:
    command = [ROOT / ".venv" / "bin" / "conclave", "--state", demo.state, "demo", "add", "--count", "12"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "12 people in all" in result.stderr
    assert list(demo.attendees()) == FIRST


@pytest.mark.full
def test_who_is_muted_is_silent_and_who_is_removed_stays_away(demo: Demo) -> None:
    demo.conclave("meeting", "mute", "demo", FIRST[0])
    wait_for(lambda: demo.sends(FIRST[0]) == {"camera"} and not demo.attendees()[FIRST[0]]["microphone"])
    demo.conclave("meeting", "remove", "demo", FIRST[2])
    wait_for(lambda: FIRST[2] not in demo.attendees())
    assert sorted(demo.meeting()) == sorted(FIRST[:2])
    assert [each["name"] for each in demo.conclave("demo", "add")["attendees"]] == [FIRST[2]]
    wait_for(lambda: demo.sends(FIRST[2]) == {"microphone", "camera"})


@pytest.mark.full
@pytest.mark.parametrize("program", ["conclave-core", "conclave-gateway", "conclave-control", "conclave-demo"])
def test_they_come_back_when_a_process_was_killed(demo: Demo, program: str) -> None:
    before = demo.process_id(program)
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: demo.process_id(program) not in (0, before))
    wait_for(lambda: all("camera" in demo.sends(name) for name in FIRST), 120)
    wait_for(lambda: len(demo.attendees()) == 3)
    assert list(demo.attendees()) == FIRST


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("path", ["run/control/admin.sock", "run/signal/control.sock", "run/core/control.ipc"])
def test_the_demo_has_no_other_way_in_than_a_client(demo: Demo, path: str) -> None:
    account = pwd.getpwnam("conclave-demo")
    script = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    result = subprocess.run(
        ["/usr/bin/python3", "-c", script, str(demo.state / path)],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=os.getgrouplist("conclave-demo", account.pw_gid),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PermissionError" in result.stderr
    status = Path(f"/proc/{demo.process_id('conclave-demo')}/status").read_text().splitlines()
    (uids,) = (line.split()[1:] for line in status if line.startswith("Uid:"))
    assert set(uids) == {str(account.pw_uid)}


async def test_a_meeting_leaves_no_name_token_address_or_word_in_any_log(demo: Demo) -> None:
    said = "the merger is called Heron"
    async with watching(demo) as meeting:
        await meeting.chat.send(said)
    tokens = re.findall(r"#([A-Za-z0-9_-]{20,})", demo.output)
    assert tokens, "the start tells invites"
    logs = {path: path.read_text() for path in (demo.state / "log").iterdir()}
    assert sum(map(len, logs.values())) > 500
    for path, text in logs.items():
        # Whoever is in the meeting comes from this address.
        for secret in (*FIRST, "Wanda", said, *tokens, "127.0.0.1"):
            assert secret not in text, path
        if path.name in ("conclave-control.log", "conclave-gateway.log", "conclave-demo.log"):
            assert all(json.loads(line)["message"] for line in text.splitlines()), path


def test_all_end_with_the_appliance(demo: Demo) -> None:
    own = demo.process_id("conclave-demo")
    assert own
    call(str(ROOT / "appliance" / "down"), "--state", str(demo.state))
    assert not Path(f"/proc/{own}").exists()
    command = [ROOT / ".venv" / "bin" / "conclave", "--state", demo.state, "demo", "status"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, "./appliance/up" in result.stderr) == (1, True)
