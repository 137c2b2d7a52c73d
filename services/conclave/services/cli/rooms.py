"""`conclave room` and `conclave invite`."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from rich.markup import escape
from rich.table import Table

from conclave.services.cli.invitations import calendar_text, print_qr, write_secret_file
from conclave.services.cli.session import CALL_SECONDS, AsJson, Session, State, open_session
from conclave.services.cli.words import (
    Protection,
    RoleName,
    parse_duration,
    parse_start,
    protection_word,
    role_word,
    room_name,
    when,
)
from conclave.v1 import rooms_pb2, rooms_pb2_grpc

__all__ = ["invite", "rooms"]

rooms = typer.Typer(no_args_is_help=True, help="Create, list, show, change and delete rooms.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The room: 3 to 63 lower-case letters, digits, hyphens.")]


Lobby = Annotated[bool | None, typer.Option("--lobby/--no-lobby", help="Guests wait until a host admits them.")]
MembersOnly = Annotated[
    bool | None, typer.Option("--members-only/--open", help="Only people with a personal invite come in.")
]
WaitForHost = Annotated[
    bool | None, typer.Option("--wait-for-host/--no-wait-for-host", help="Everybody waits until a host is there.")
]
Qr = Annotated[bool, typer.Option("--qr", help="Draw the link as a QR code too.")]


@rooms.command("create")
def create(
    context: typer.Context,
    name: Name,
    protection: Annotated[Protection, typer.Option(help="How the room protects what is said in it.")],
    display_name: Annotated[str, typer.Option(help="What people read; the name when not told.")] = "",
    max_participants: Annotated[int, typer.Option(help="0 for the appliance's default.", min=0)] = 0,
    lobby: Lobby = None,
    members_only: MembersOnly = None,
    wait_for_host: WaitForHost = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Create a room."""
    with open_session(context, state, as_json) as session:
        room = rooms_pb2.Room(
            display_name=display_name,
            protection_mode=protection.to_proto(),
            max_participants=max_participants,
            lobby=bool(lobby),
            members_only=bool(members_only),
            wait_for_host=bool(wait_for_host),
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


@rooms.command("update")
def update(
    context: typer.Context,
    name: Name,
    display_name: Annotated[str | None, typer.Option(help="What people read; empty for the name.")] = None,
    max_participants: Annotated[int | None, typer.Option(help="0 for the appliance's default.", min=0)] = None,
    lobby: Lobby = None,
    members_only: MembersOnly = None,
    wait_for_host: WaitForHost = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Change what is told; the rest stays. A meeting that goes on takes it up at once."""
    told = {
        "display_name": display_name,
        "max_participants": max_participants,
        "lobby": lobby,
        "members_only": members_only,
        "wait_for_host": wait_for_host,
    }
    changes = {field: value for field, value in told.items() if value is not None}
    if not changes:
        raise typer.BadParameter("say what changes, for example --lobby")
    with open_session(context, state, as_json) as session:
        room = rooms_pb2.Room(name=room_name(name))
        for field, value in changes.items():
            setattr(room, field, value)
        request = rooms_pb2.UpdateRoomRequest(room=room, update_mask=FieldMask(paths=list(changes)))
        changed = _stub(session).UpdateRoom(request, timeout=CALL_SECONDS)
        session.answer(changed, _table([changed]))


@rooms.command("link")
def link(
    context: typer.Context,
    name: Name,
    new: Annotated[bool, typer.Option("--new", help="Make one; the one before stops working.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take it away.")] = False,
    qr: Qr = False,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Tell the room's own link and dial code, which last."""
    if new and revoke:
        raise typer.BadParameter("choose --new or --revoke")
    with open_session(context, state, as_json) as session:
        stub, parent = _stub(session), room_name(name)
        if revoke:
            answer = stub.RevokeRoomLink(rooms_pb2.RevokeRoomLinkRequest(parent=parent), timeout=CALL_SECONDS)
            session.answer(answer, f"{escape(parent)} has no link of its own any more.")
            return
        if new:
            found = stub.ReplaceRoomLink(rooms_pb2.ReplaceRoomLinkRequest(parent=parent), timeout=CALL_SECONDS)
        else:
            found = stub.GetRoomLink(rooms_pb2.GetRoomLinkRequest(parent=parent), timeout=CALL_SECONDS)
        code = found.dial_code
        session.answer(found, f"{escape(found.url)}\nDial code {code[:3]} {code[3:6]} {code[6:]}")
        if qr and not session.as_json:
            print_qr(found.url)


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
    member: Annotated[str, typer.Option("--for", help="The person or device it is for: a personal invite.")] = "",
    ics: Annotated[
        Path | None, typer.Option("--ics", help="Write it as a calendar file too; needs --starts.", dir_okay=False)
    ] = None,
    starts: Annotated[
        datetime.datetime | None,
        typer.Option(parser=parse_start, metavar="TIME", help="For --ics: 2026-05-04T14:00, local time."),
    ] = None,
    lasts: Annotated[
        datetime.timedelta, typer.Option(parser=parse_duration, metavar="DURATION", help="For --ics.")
    ] = "1h",  # type: ignore[assignment]  # parsed like what is typed
    qr: Qr = False,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Make an invite into a room and tell its link."""
    if (ics is None) != (starts is None):
        raise typer.BadParameter("--ics and --starts go together: a calendar entry has a time")
    with open_session(context, state, as_json) as session:
        ttl = Duration()
        ttl.FromTimedelta(expires)
        request = rooms_pb2.CreateInviteRequest(
            parent=room_name(name), role=role.to_proto(), ttl=ttl, display_name=member
        )
        made = _stub(session).CreateInvite(request, timeout=CALL_SECONDS)
        session.answer(made, _told(made))
        if ics is not None and starts is not None:
            room = _stub(session).GetRoom(rooms_pb2.GetRoomRequest(name=room_name(name)), timeout=CALL_SECONDS)
            write_secret_file(ics, calendar_text(made, room.display_name, starts, lasts))
        if qr and not session.as_json:
            print_qr(made.url)


def _told(made: rooms_pb2.Invite) -> str:
    until = f"Lets {escape(made.display_name) or 'one'} in as {role_word(made.role)} until {when(made.expire_time)}."
    if made.role != rooms_pb2.ROLE_DEVICE:
        return f"{escape(made.url)}\n{until}"
    send, _, token = made.url.partition("#")
    play = send.removesuffix("/whip") + "/whep"
    return f"To send (WHIP): {escape(send)}\nTo play (WHEP): {escape(play)}\nBearer token: {escape(token)}\n{until}"


def _stub(session: Session) -> rooms_pb2_grpc.RoomServiceStub:
    return rooms_pb2_grpc.RoomServiceStub(session.channel)


def _table(found: list[rooms_pb2.Room]) -> Table:
    table = Table("Room", "Name", "Protection", "At most", "Comes in", "Created", box=None, pad_edge=False)
    for room in found:
        cells = (room.name.removeprefix("rooms/"), room.display_name, protection_word(room.protection_mode))
        table.add_row(*map(escape, cells), str(room.max_participants), _admission(room), when(room.create_time))
    return table


def _admission(room: rooms_pb2.Room) -> str:
    words = (("members only", room.members_only), ("lobby", room.lobby), ("with a host", room.wait_for_host))
    return ", ".join(word for word, holds in words if holds) or "at once"
