"""`conclave room` and `conclave invite`."""

from __future__ import annotations

import datetime
from typing import Annotated

import typer
from google.protobuf.duration_pb2 import Duration
from rich.markup import escape
from rich.table import Table

from conclave.services.cli.session import CALL_SECONDS, AsJson, Session, State, open_session
from conclave.services.cli.words import (
    Protection,
    RoleName,
    parse_duration,
    protection_word,
    role_word,
    room_name,
    when,
)
from conclave.v1 import rooms_pb2, rooms_pb2_grpc

__all__ = ["invite", "rooms"]

rooms = typer.Typer(no_args_is_help=True, help="Create, list, show and delete rooms.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The room: 3 to 63 lower-case letters, digits, hyphens.")]


@rooms.command("create")
def create(
    context: typer.Context,
    name: Name,
    protection: Annotated[Protection, typer.Option(help="How the room protects what is said in it.")],
    display_name: Annotated[str, typer.Option(help="What people read; the name when not told.")] = "",
    max_participants: Annotated[int, typer.Option(help="0 for the appliance's default.", min=0)] = 0,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Create a room."""
    with open_session(context, state, as_json) as session:
        room = rooms_pb2.Room(
            display_name=display_name, protection_mode=protection.to_proto(), max_participants=max_participants
        )
        request = rooms_pb2.CreateRoomRequest(room_id=name.removeprefix("rooms/"), room=room)
        created = _stub(session).CreateRoom(request, timeout=CALL_SECONDS)
        session.answer(created, _table([created]))


@rooms.command("list")
def list_rooms(context: typer.Context, state: State = None, as_json: AsJson = False) -> None:
    """List all rooms by name."""
    with open_session(context, state, as_json) as session:
        everything = rooms_pb2.ListRoomsResponse()
        token = ""
        while True:
            request = rooms_pb2.ListRoomsRequest(page_size=1000, page_token=token)
            page = _stub(session).ListRooms(request, timeout=CALL_SECONDS)
            everything.rooms.extend(page.rooms)
            token = page.next_page_token
            if not token:
                break
        empty = "There is no room yet: conclave room create NAME --protection managed"
        session.answer(everything, _table(list(everything.rooms)) if everything.rooms else empty)


@rooms.command("show")
def show(context: typer.Context, name: Name, state: State = None, as_json: AsJson = False) -> None:
    """Show one room."""
    with open_session(context, state, as_json) as session:
        room = _stub(session).GetRoom(rooms_pb2.GetRoomRequest(name=room_name(name)), timeout=CALL_SECONDS)
        session.answer(room, _table([room]))


@rooms.command("delete")
def delete(context: typer.Context, name: Name, state: State = None, as_json: AsJson = False) -> None:
    """Delete a room with its invites and its past meetings' records."""
    with open_session(context, state, as_json) as session:
        answer = _stub(session).DeleteRoom(rooms_pb2.DeleteRoomRequest(name=room_name(name)), timeout=CALL_SECONDS)
        session.answer(answer, f"Deleted {escape(room_name(name))}.")


def invite(
    context: typer.Context,
    name: Name,
    role: Annotated[RoleName, typer.Option(help="What its bearer may do.")] = RoleName.PARTICIPANT,
    expires: Annotated[
        datetime.timedelta,
        typer.Option(parser=parse_duration, metavar="DURATION", help="How long it works: 90s, 15m, 1h30m, 2d, 1w."),
    ] = "24h",  # type: ignore[assignment]  # parsed like what is typed
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Make an invite into a room and tell its link."""
    with open_session(context, state, as_json) as session:
        ttl = Duration()
        ttl.FromTimedelta(expires)
        request = rooms_pb2.CreateInviteRequest(parent=room_name(name), role=role.to_proto(), ttl=ttl)
        made = _stub(session).CreateInvite(request, timeout=CALL_SECONDS)
        until = when(made.expire_time)
        session.answer(made, f"{escape(made.url)}\nLets one in as {role_word(made.role)} until {until}.")


def _stub(session: Session) -> rooms_pb2_grpc.RoomServiceStub:
    return rooms_pb2_grpc.RoomServiceStub(session.channel)


def _table(found: list[rooms_pb2.Room]) -> Table:
    table = Table("Room", "Name", "Protection", "At most", "Created", box=None, pad_edge=False)
    for room in found:
        cells = (room.name.removeprefix("rooms/"), room.display_name, protection_word(room.protection_mode))
        table.add_row(*map(escape, cells), str(room.max_participants), when(room.create_time))
    return table
