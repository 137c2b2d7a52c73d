"""`conclave` about people: policies, links, calendar files, QR codes, what hosts may do; over a real gRPC server."""

from __future__ import annotations

import io
import json
import re
import stat
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from typer.testing import CliRunner

from conclave.services.cli.main import app
from conclave.services.cli.watching import RoomView
from conclave.v1 import (
    meetings_pb2,
    meetings_pb2_grpc,
    rooms_pb2,
    rooms_pb2_grpc,
    statistics_pb2,
    statistics_pb2_grpc,
    webrtc_stats_pb2,
)

URL = "https://192.0.2.1:8443/join#" + "t" * 112
MEETING = "rooms/standup/meetings/m1"


class Rooms(rooms_pb2_grpc.RoomServiceServicer):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def UpdateRoom(self, request: rooms_pb2.UpdateRoomRequest, context: object) -> rooms_pb2.Room:
        self.asked.append(request)
        return request.room

    def GetRoom(self, request: rooms_pb2.GetRoomRequest, context: object) -> rooms_pb2.Room:
        return rooms_pb2.Room(name=request.name, display_name="Stand-up; daily, Größe " + "x" * 60)

    def CreateInvite(self, request: rooms_pb2.CreateInviteRequest, context: object) -> rooms_pb2.Invite:
        self.asked.append(request)
        invite = rooms_pb2.Invite(name=f"{request.parent}/invites/i1", role=request.role, url=URL)
        invite.display_name = request.display_name
        invite.create_time.FromSeconds(1_800_000_000)
        return invite

    def GetRoomLink(self, request: rooms_pb2.GetRoomLinkRequest, context: object) -> rooms_pb2.RoomLink:
        return rooms_pb2.RoomLink(room=request.parent, url=URL, dial_code="012345678")

    def ReplaceRoomLink(self, request: rooms_pb2.ReplaceRoomLinkRequest, context: object) -> rooms_pb2.RoomLink:
        self.asked.append(request)
        return rooms_pb2.RoomLink(room=request.parent, url=URL, dial_code="912345678")

    def RevokeRoomLink(
        self, request: rooms_pb2.RevokeRoomLinkRequest, context: object
    ) -> rooms_pb2.RevokeRoomLinkResponse:
        self.asked.append(request)
        return rooms_pb2.RevokeRoomLinkResponse()


class Meetings(meetings_pb2_grpc.MeetingServiceServicer):
    """One meeting with two people of one name and a third, and one who waits. Keeps every request."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.meeting = meetings_pb2.Meeting(name=MEETING)
        for key, name in (("p1", "Ada"), ("p2", "Bob"), ("p3", "Bob")):
            self.meeting.participants.add(id=key, display_name=name, role=rooms_pb2.ROLE_PARTICIPANT)
        self.waiting = [meetings_pb2.WaitingParticipant(id="w1", display_name="Wanda [red]")]

    def ListMeetings(
        self, request: meetings_pb2.ListMeetingsRequest, context: object
    ) -> meetings_pb2.ListMeetingsResponse:
        return meetings_pb2.ListMeetingsResponse(meetings=[self.meeting] if "standup" in request.parent else [])

    def ListWaitingParticipants(self, request: Any, context: object) -> meetings_pb2.ListWaitingParticipantsResponse:
        return meetings_pb2.ListWaitingParticipantsResponse(waiting=self.waiting)

    def WatchMeeting(self, request: Any, context: object) -> Iterator[meetings_pb2.WatchMeetingResponse]:
        first = meetings_pb2.WatchMeetingResponse()
        first.snapshot.room.name, first.snapshot.room.display_name = request.parent, "Daily"
        first.snapshot.meeting.CopyFrom(self.meeting)
        first.snapshot.waiting.extend(self.waiting)
        yield first
        gone = meetings_pb2.ParticipantGone(participant_id="p1", reason=meetings_pb2.END_REASON_REMOVED)
        yield meetings_pb2.WatchMeetingResponse(participant_gone=gone)


for method, answer in (
    ("AdmitParticipants", meetings_pb2.AdmitParticipantsResponse()),
    ("AdmitAllParticipants", meetings_pb2.AdmitAllParticipantsResponse()),
    ("TurnAwayParticipants", meetings_pb2.TurnAwayParticipantsResponse()),
    ("RemoveParticipant", meetings_pb2.RemoveParticipantResponse()),
    ("MuteParticipants", meetings_pb2.MuteParticipantsResponse()),
    ("MuteAllParticipants", meetings_pb2.MuteAllParticipantsResponse()),
    ("LockMeeting", meetings_pb2.Meeting(name=MEETING)),
    ("UnlockMeeting", meetings_pb2.Meeting(name=MEETING)),
    ("SetParticipantRole", meetings_pb2.Participant(display_name="Ada", role=rooms_pb2.ROLE_HOST)),
):

    def serve(self: Meetings, request: Any, context: object, answer: Any = answer) -> Any:
        self.asked.append(request)
        return answer

    setattr(Meetings, method, serve)


class Statistics(statistics_pb2_grpc.StatisticsServiceServicer):
    """One connection, which sends a kilobyte in each two seconds."""

    def __init__(self) -> None:
        self.intervals: list[float] = []

    def GetMeetingStats(
        self, request: statistics_pb2.GetMeetingStatsRequest, context: object
    ) -> statistics_pb2.MeetingStats:
        return self._answer(request.name, 1)

    def WatchMeetingStats(
        self, request: statistics_pb2.WatchMeetingStatsRequest, context: object
    ) -> Iterator[statistics_pb2.MeetingStats]:
        self.intervals.append(request.interval.ToTimedelta().total_seconds())
        yield from (self._answer(request.name, count) for count in (1, 2))

    def _answer(self, name: str, count: int) -> statistics_pb2.MeetingStats:
        transport = webrtc_stats_pb2.TransportStats(ice_state="connected", bytes_received=1000 * count)
        told = statistics_pb2.ParticipantStats(participant_id="p1", timestamp=2000.0 * count, transport=transport)
        return statistics_pb2.MeetingStats(name=name, participants=[told])


class Appliance:
    """A state directory whose admin socket is served."""

    def __init__(self, state: Path) -> None:
        self.state, self.rooms, self.meetings = state, Rooms(), Meetings()
        (state / "run" / "control").mkdir(parents=True)
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        rooms_pb2_grpc.add_RoomServiceServicer_to_server(self.rooms, self.server)
        meetings_pb2_grpc.add_MeetingServiceServicer_to_server(self.meetings, self.server)
        self.statistics = Statistics()
        statistics_pb2_grpc.add_StatisticsServiceServicer_to_server(self.statistics, self.server)
        self.server.add_insecure_port(f"unix:{state}/run/control/admin.sock")
        self.server.start()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Runs the command; returns its exit status and what it wrote to both streams."""
        result = CliRunner().invoke(app, ["--state", str(self.state), *arguments], env={"COLUMNS": "200"})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    made = Appliance(tmp_path)
    yield made
    made.server.stop(None).wait()


def test_an_update_sends_what_was_told_and_nothing_else(appliance: Appliance) -> None:
    assert (
        appliance.run("room", "update", "standup", "--lobby", "--no-wait-for-host", "--max-participants", "7")[0] == 0
    )
    (request,) = appliance.rooms.asked
    assert sorted(request.update_mask.paths) == ["lobby", "max_participants", "wait_for_host"]
    assert (request.room.name, request.room.lobby, request.room.max_participants) == ("rooms/standup", True, 7)
    status, _, err = appliance.run("room", "update", "standup")
    assert (status, "say what changes" in err) == (2, True)


def test_a_rooms_own_link_is_told_made_drawn_and_taken_away(appliance: Appliance) -> None:
    _, out, _ = appliance.run("room", "link", "standup")
    assert URL in out.splitlines()
    assert "Dial code 012 345 678" in out
    assert json.loads(appliance.run("room", "link", "standup", "--new", "--json")[1])["dial_code"] == "912345678"
    assert appliance.run("room", "link", "standup", "--revoke")[0] == 0
    assert [type(request).__name__ for request in appliance.rooms.asked] == [
        "ReplaceRoomLinkRequest",
        "RevokeRoomLinkRequest",
    ]
    assert appliance.run("room", "link", "standup", "--new", "--revoke")[0] == 2


def test_a_qr_code_is_drawn_for_people_only(appliance: Appliance) -> None:
    _, out, _ = appliance.run("invite", "standup", "--qr")
    assert out.count("\u2588") + out.count("\u2584") + out.count("\u2580") > 100
    json.loads(appliance.run("invite", "standup", "--qr", "--json")[1])


def test_a_personal_invite_is_for_somebody(appliance: Appliance) -> None:
    _, out, _ = appliance.run("invite", "standup", "--for", "Anna Berg")
    assert "Lets Anna Berg in as participant" in out
    assert appliance.rooms.asked[0].display_name == "Anna Berg"


def test_a_calendar_file_is_private_and_well_formed(appliance: Appliance, tmp_path: Path) -> None:
    path = tmp_path / "invite.ics"
    starts = ["--starts", "2027-05-04T14:00+02:00", "--lasts", "45m"]
    assert appliance.run("invite", "standup", "--ics", str(path), *starts)[0] == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    octets = path.read_bytes()
    assert octets.count(b"\n") == octets.count(b"\r\n")
    # RFC 5545 section 3.1: no line is longer than 75 octets, none is cut inside a character.
    assert all(len(line) <= 75 and line.decode() is not None for line in octets.split(b"\r\n"))
    unfolded = octets.decode().replace("\r\n ", "")
    lines = unfolded.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert {"DTSTART:20270504T120000Z", "DTEND:20270504T124500Z", f"URL:{URL}", "CLASS:PRIVATE"} <= set(lines)
    assert "SUMMARY:Stand-up\\; daily\\, Größe " + "x" * 60 in lines
    assert appliance.run("invite", "standup", "--ics", str(path))[0] == 2


@pytest.mark.parametrize(
    ("arguments", "name", "fields"),
    [
        (["admit", "standup", "Wanda [red]"], "AdmitParticipantsRequest", {"participant_ids": ["w1"]}),
        (["admit", "standup", "--all"], "AdmitAllParticipantsRequest", {"parent": "rooms/standup"}),
        (["turn-away", "standup", "w1"], "TurnAwayParticipantsRequest", {"participant_ids": ["w1"]}),
        (["remove", "standup", "Ada"], "RemoveParticipantRequest", {"name": f"{MEETING}/participants/p1"}),
        (["mute", "standup", "p2", "Ada"], "MuteParticipantsRequest", {"participant_ids": ["p2", "p1"]}),
        (["mute", "standup", "--all"], "MuteAllParticipantsRequest", {"parent": MEETING}),
        (["lock", "standup"], "LockMeetingRequest", {"name": MEETING}),
        (["unlock", "standup"], "UnlockMeetingRequest", {"name": MEETING}),
        (["role", "standup", "Ada", "host"], "SetParticipantRoleRequest", {"role": rooms_pb2.ROLE_HOST}),
    ],
)
def test_what_is_decided_about_people(
    appliance: Appliance, arguments: list[str], name: str, fields: dict[str, object]
) -> None:
    status, _, err = appliance.run("meeting", *arguments)
    assert (status, err) == (0, "")
    (request,) = appliance.meetings.asked
    assert type(request).__name__ == name
    for field, value in fields.items():
        told = getattr(request, field)
        assert (list(told) if isinstance(value, list) else told) == value


@pytest.mark.parametrize(
    "arguments",
    [
        ["remove", "standup", "Bob"],
        ["remove", "standup", "nobody"],
        ["admit", "standup"],
        ["admit", "standup", "w1", "--all"],
        ["mute", "standup"],
        ["lock", "elsewhere"],
    ],
)
def test_what_is_not_clear_is_refused(appliance: Appliance, arguments: list[str]) -> None:
    assert appliance.run("meeting", *arguments)[0] == 2
    assert appliance.meetings.asked == []


def test_watching_is_one_json_line_an_event_or_a_view(appliance: Appliance) -> None:
    _, out, _ = appliance.run("meeting", "watch", "standup", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert [next(iter(event)) for event in events] == ["snapshot", "participant_gone"]
    status, out, _ = appliance.run("meeting", "watch", "standup")
    assert status == 0
    assert re.search(r"Wanda \[red\]", out)
    assert "Bob" in out


def test_statistics_are_w3cs_json_or_a_table_with_rates(appliance: Appliance) -> None:
    _, out, _ = appliance.run("meeting", "stats", "standup", "--json")
    (person,) = json.loads(out)["participants"]
    # 64-bit numbers are strings in the JSON of protobuf.
    assert (person["participantId"], person["transport"]["bytesReceived"]) == ("p1", "1000")
    _, out, _ = appliance.run("meeting", "stats", "standup", "--follow", "--json", "--interval", "5")
    assert [json.loads(line)["participants"][0]["timestamp"] for line in out.splitlines()] == [2000, 4000]
    status, out, _ = appliance.run("meeting", "stats", "standup", "--follow")
    assert (status, appliance.statistics.intervals) == (0, [5, 2])
    assert out.count("Round trip") == 2
    assert out.count("4 kbit/s") == 1


def test_the_view_follows_the_events() -> None:
    view = RoomView()
    view.take(meetings_pb2.WatchMeetingResponse(meeting_changed=meetings_pb2.Meeting(name=MEETING, locked=True)))
    assert view.meeting is not None
    view.take(meetings_pb2.WatchMeetingResponse(participant_changed=meetings_pb2.Participant(id="p1", role=1)))
    for key, second in (("p2", 9), ("p3", 5)):
        raised = meetings_pb2.Participant(
            id=key, role=rooms_pb2.ROLE_PARTICIPANT, hand_raise_time=Timestamp(seconds=second)
        )
        view.take(meetings_pb2.WatchMeetingResponse(participant_changed=raised))
    drawn = Console(width=200, file=io.StringIO(), record=True)
    drawn.print(view.render())
    assert re.findall(r"raised \((\d)\)\s+(p\d)", drawn.export_text()) == [("2", "p2"), ("1", "p3")]
    for key in ("p1", "p2", "p3"):
        view.take(meetings_pb2.WatchMeetingResponse(participant_gone=meetings_pb2.ParticipantGone(participant_id=key)))
    assert view.people == {}
    over = meetings_pb2.Meeting(name=MEETING)
    over.end_time.FromSeconds(1)
    view.take(meetings_pb2.WatchMeetingResponse(meeting_changed=over))
    assert view.meeting is None
