"""The `conclave` command against a real gRPC server on a Unix socket in the test's own directory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest
from typer.testing import CliRunner

from conclave.services.cli.main import app
from conclave.v1 import meetings_pb2, meetings_pb2_grpc, rooms_pb2, rooms_pb2_grpc, system_pb2, system_pb2_grpc

Context = grpc.ServicerContext


class Rooms(rooms_pb2_grpc.RoomServiceServicer):
    """Keeps rooms in a dictionary and answers as the real service does."""

    def __init__(self) -> None:
        self.rooms: dict[str, rooms_pb2.Room] = {}
        self.invited: list[rooms_pb2.CreateInviteRequest] = []

    def CreateRoom(self, request: rooms_pb2.CreateRoomRequest, context: Context) -> rooms_pb2.Room:
        name = f"rooms/{request.room_id}"
        if request.room.protection_mode != rooms_pb2.PROTECTION_MODE_MANAGED:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "end-to-end encryption is not there yet; use managed")
        if name in self.rooms:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{name} exists")
        room = rooms_pb2.Room(name=name, display_name=request.room.display_name or request.room_id)
        room.protection_mode = request.room.protection_mode
        room.max_participants = request.room.max_participants or 12
        room.create_time.FromSeconds(1_800_000_000)
        self.rooms[name] = room
        return room

    def GetRoom(self, request: rooms_pb2.GetRoomRequest, context: Context) -> rooms_pb2.Room:
        if request.name not in self.rooms:
            context.abort(grpc.StatusCode.NOT_FOUND, f"there is no {request.name}")
        return self.rooms[request.name]

    def ListRooms(self, request: rooms_pb2.ListRoomsRequest, context: Context) -> rooms_pb2.ListRoomsResponse:
        """One room a page, so that the caller has to turn pages."""
        names = sorted(name for name in self.rooms if name > request.page_token)
        answer = rooms_pb2.ListRoomsResponse(rooms=[self.rooms[name] for name in names[:1]])
        if len(names) > 1:
            answer.next_page_token = names[0]
        return answer

    def DeleteRoom(self, request: rooms_pb2.DeleteRoomRequest, context: Context) -> rooms_pb2.DeleteRoomResponse:
        self.GetRoom(rooms_pb2.GetRoomRequest(name=request.name), context)
        del self.rooms[request.name]
        return rooms_pb2.DeleteRoomResponse()

    def CreateInvite(self, request: rooms_pb2.CreateInviteRequest, context: Context) -> rooms_pb2.Invite:
        self.invited.append(request)
        invite = rooms_pb2.Invite(name=f"{request.parent}/invites/i1", role=request.role)
        invite.url = "https://192.0.2.1:8443/#" + "t" * 200
        invite.expire_time.FromSeconds(1_800_000_000 + request.ttl.seconds)
        return invite


class Meetings(meetings_pb2_grpc.MeetingServiceServicer):
    """One meeting, in the room "standup"."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    def ListMeetings(
        self, request: meetings_pb2.ListMeetingsRequest, context: Context
    ) -> meetings_pb2.ListMeetingsResponse:
        if request.parent not in {"rooms/-", "rooms/standup"}:
            return meetings_pb2.ListMeetingsResponse()
        meeting = meetings_pb2.Meeting(name="rooms/standup/meetings/m1")
        meeting.participants.add(id="p1", display_name="Ada [bold]")
        return meetings_pb2.ListMeetingsResponse(meetings=[meeting])

    def EndMeeting(self, request: meetings_pb2.EndMeetingRequest, context: Context) -> meetings_pb2.Meeting:
        self.ended.append(request.name)
        return meetings_pb2.Meeting(name=request.name)


class System(system_pb2_grpc.SystemServiceServicer):
    """Everything but the gateway is healthy."""

    def __init__(self) -> None:
        self.gateway_healthy = True

    def GetStatus(self, request: system_pb2.GetStatusRequest, context: Context) -> system_pb2.Status:
        status = system_pb2.Status(deployment_id="d1", meetings=1, participants=2)
        status.processes.add(name="conclave-core", healthy=True)
        status.processes.add(name="conclave-gateway", healthy=self.gateway_healthy, detail="does not answer")
        status.core.crypto_backend = "openssl"
        return status


class Appliance:
    """A state directory whose admin socket is served."""

    def __init__(self, state: Path) -> None:
        self.state, self.rooms, self.meetings, self.system = state, Rooms(), Meetings(), System()
        (state / "run" / "control").mkdir(parents=True)
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        rooms_pb2_grpc.add_RoomServiceServicer_to_server(self.rooms, self.server)
        meetings_pb2_grpc.add_MeetingServiceServicer_to_server(self.meetings, self.server)
        system_pb2_grpc.add_SystemServiceServicer_to_server(self.system, self.server)
        self.server.add_insecure_port(f"unix:{state}/run/control/admin.sock")
        self.server.start()


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    made = Appliance(tmp_path)
    yield made
    made.server.stop(None).wait()


def run(state: Path, *arguments: str) -> tuple[int, str, str]:
    """Runs the command; returns its exit status and what it wrote to both streams."""
    result = CliRunner().invoke(app, ["--state", str(state), *arguments], env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def answer(state: Path, *arguments: str) -> dict[str, object]:
    """Runs the command with --json and returns the answer of a success."""
    status, out, err = run(state, *arguments, "--json")
    assert (status, err) == (0, "")
    values = json.loads(out)
    assert isinstance(values, dict)
    return values


def test_a_room_is_created_listed_shown_and_deleted(appliance: Appliance) -> None:
    made = answer(appliance.state, "room", "create", "standup", "--protection", "managed")
    assert (made["name"], made["protection_mode"]) == ("rooms/standup", "PROTECTION_MODE_MANAGED")
    answer(appliance.state, "room", "create", "board", "--protection", "managed", "--max-participants", "5")
    listed = answer(appliance.state, "room", "list")["rooms"]
    assert isinstance(listed, list)
    assert [room["name"] for room in listed] == ["rooms/board", "rooms/standup"]
    assert answer(appliance.state, "room", "show", "board")["max_participants"] == 5
    assert run(appliance.state, "room", "delete", "board")[0] == 0
    assert list(appliance.rooms.rooms) == ["rooms/standup"]


def test_people_read_a_table(appliance: Appliance) -> None:
    run(appliance.state, "room", "create", "standup", "--protection", "managed", "--display-name", "The [red]daily")
    status, out, _ = run(appliance.state, "room", "list")
    assert status == 0
    assert re.search(r"^standup +The \[red\]daily +managed +12 ", out, re.MULTILINE)


def test_protection_has_no_default(appliance: Appliance) -> None:
    status, _, err = run(appliance.state, "room", "create", "standup")
    assert status == 2
    assert "--protection" in err
    assert not appliance.rooms.rooms


@pytest.mark.parametrize("mode", ["end-to-end", "end-to-end-sealed"])
def test_a_refused_protection_is_told_and_not_weakened(appliance: Appliance, mode: str) -> None:
    status, out, err = run(appliance.state, "room", "create", "standup", "--protection", mode)
    assert (status, out) == (1, "")
    assert "end-to-end encryption is not there yet" in err
    assert not appliance.rooms.rooms


def test_an_error_is_json_for_programs(appliance: Appliance) -> None:
    status, out, err = run(appliance.state, "--json", "room", "show", "nowhere")
    assert (status, out) == (1, "")
    assert json.loads(err) == {"error": {"code": "NOT_FOUND", "message": "there is no rooms/nowhere"}}


def test_an_invite_has_its_whole_link(appliance: Appliance) -> None:
    made = answer(appliance.state, "invite", "standup", "--role", "host", "--expires", "1h30m")
    assert made["url"] == "https://192.0.2.1:8443/#" + "t" * 200
    (request,) = appliance.rooms.invited
    assert (request.parent, request.role, request.ttl.seconds) == ("rooms/standup", rooms_pb2.ROLE_HOST, 5400)
    _, out, _ = run(appliance.state, "invite", "standup")
    assert str(made["url"]) in out.splitlines()
    assert (appliance.rooms.invited[1].role, appliance.rooms.invited[1].ttl.seconds) == (
        rooms_pb2.ROLE_PARTICIPANT,
        86400,
    )


@pytest.mark.parametrize("typed", ["", "1", "h", "1y", "-1h", "1h 30m", "9" * 20 + "w"])
def test_a_duration_that_is_none_is_refused(appliance: Appliance, typed: str) -> None:
    status, _, err = run(appliance.state, "invite", "standup", "--expires", typed)
    assert status == 2
    assert "duration" in err
    assert not appliance.rooms.invited


def test_a_meeting_is_ended_by_its_room_or_its_name(appliance: Appliance) -> None:
    assert "Ada [bold]" in run(appliance.state, "meeting", "list")[1]
    assert run(appliance.state, "meeting", "end", "standup")[0] == 0
    assert run(appliance.state, "meeting", "end", "rooms/standup/meetings/m0")[0] == 0
    assert appliance.meetings.ended == ["rooms/standup/meetings/m1", "rooms/standup/meetings/m0"]
    status, _, err = run(appliance.state, "meeting", "end", "board")
    assert status != 0
    assert "no meeting is going on in rooms/board" in err


def test_status_fails_when_a_process_is_not_healthy(appliance: Appliance) -> None:
    status, out, _ = run(appliance.state, "status")
    assert (status, "1 with 2 participants" in out) == (0, True)
    appliance.system.gateway_healthy = False
    status, out, _ = run(appliance.state, "status")
    assert status == 1
    assert re.search(r"conclave-gateway +not healthy +does not answer", out)
    assert json.loads(run(appliance.state, "status", "--json")[1])["core"]["crypto_backend"] == "openssl"


def test_no_appliance_says_what_to_do(tmp_path: Path) -> None:
    status, out, err = run(tmp_path, "room", "list")
    assert (status, out) == (1, "")
    assert "start it with ./appliance/up" in err


def test_a_dead_appliance_says_where_to_look(appliance: Appliance) -> None:
    appliance.server.stop(None).wait()
    # What a killed process leaves behind: a socket that nobody listens on.
    (appliance.state / "run" / "control" / "admin.sock").touch()
    status, _, err = run(appliance.state, "room", "list")
    assert status == 1
    assert "conclave-control.log" in err


def test_a_state_directory_too_long_for_sockets_is_refused(tmp_path: Path) -> None:
    status, _, err = run(tmp_path / ("x" * 100), "room", "list")
    assert status == 1
    assert "too long a path" in err
