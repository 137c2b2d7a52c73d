"""`conclave meeting`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from conclave.services.cli.session import CALL_SECONDS, AsJson, Session, State, open_session
from conclave.services.cli.words import room_name, when
from conclave.v1 import meetings_pb2, meetings_pb2_grpc

__all__ = ["meetings"]

meetings = typer.Typer(no_args_is_help=True, help="List and end meetings.")


@meetings.command("list")
def list_meetings(
    context: typer.Context,
    room: Annotated[str, typer.Option(help="Only this room's.")] = "-",
    ended: Annotated[bool, typer.Option("--ended", help="Those that are over too.")] = False,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """List meetings, newest first."""
    with open_session(context, state, as_json) as session:
        found = _list(session, room_name(room), ended)
        session.answer(found, _table(found) if found.meetings else "No meeting is going on.")


@meetings.command("end")
def end(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A room, or a meeting as `rooms/ROOM/meetings/ID`.")],
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """End a meeting for everybody."""
    with open_session(context, state, as_json) as session:
        full = room_name(name)
        if "/meetings/" not in full:
            # The room itself is the parent; an unknown one is NOT_FOUND there.
            going_on = _list(session, full, ended=False).meetings
            if not going_on:
                raise typer.BadParameter(f"no meeting is going on in {full}")
            full = going_on[0].name
        request = meetings_pb2.EndMeetingRequest(name=full)
        over = meetings_pb2_grpc.MeetingServiceStub(session.channel).EndMeeting(request, timeout=CALL_SECONDS)
        session.answer(over, f"Ended {escape(over.name)}.")


def _list(session: Session, parent: str, ended: bool) -> meetings_pb2.ListMeetingsResponse:
    stub = meetings_pb2_grpc.MeetingServiceStub(session.channel)
    everything = meetings_pb2.ListMeetingsResponse()
    token = ""
    while True:
        request = meetings_pb2.ListMeetingsRequest(parent=parent, page_size=1000, page_token=token, show_ended=ended)
        page = stub.ListMeetings(request, timeout=CALL_SECONDS)
        everything.meetings.extend(page.meetings)
        token = page.next_page_token
        if not token:
            return everything


def _table(found: meetings_pb2.ListMeetingsResponse) -> Table:
    table = Table("Meeting", "Started", "Ended", "People", box=None, pad_edge=False)
    for meeting in found.meetings:
        over = when(meeting.end_time) if meeting.HasField("end_time") else "goes on"
        people = ", ".join(participant.display_name for participant in meeting.participants)
        table.add_row(escape(meeting.name), when(meeting.start_time), over, escape(people))
    return table
