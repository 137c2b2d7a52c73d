"""`conclave meeting`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToJson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conclave.services.cli.session import CALL_SECONDS, AsJson, Session, State, open_session
from conclave.services.cli.statistics import StatisticsView, follow_live
from conclave.services.cli.watching import watch_live
from conclave.services.cli.words import RoleName, role_word, room_name, when
from conclave.v1 import meetings_pb2, meetings_pb2_grpc, statistics_pb2, statistics_pb2_grpc

__all__ = ["meetings"]

meetings = typer.Typer(no_args_is_help=True, help="List, watch and end meetings, and decide about the people in them.")

Room = Annotated[str, typer.Argument(metavar="ROOM", help="The room whose meeting it is.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="A participant's id, or a name that only one has.")]
People = Annotated[
    list[str] | None, typer.Argument(metavar="[PERSON]...", help="Ids, or names that only one has; none with --all.")
]
Everybody = Annotated[bool, typer.Option("--all", help="Everybody.")]


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


@meetings.command("watch")
def watch(context: typer.Context, room: Room, state: State = None, as_json: AsJson = False) -> None:
    """Show who is there and who waits, as it changes, until interrupted. With --json, one event a line."""
    with open_session(context, state, as_json) as session:
        request = meetings_pb2.WatchMeetingRequest(parent=room_name(room))
        events = _stub(session).WatchMeeting(request)
        try:
            if session.as_json:
                for event in events:
                    line = MessageToJson(event, preserving_proto_field_name=True, indent=None, ensure_ascii=False)
                    typer.echo(line)
            else:
                watch_live(events, Console(highlight=False))
        except KeyboardInterrupt:
            events.cancel()


@meetings.command("stats")
def stats(
    context: typer.Context,
    room: Room,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until interrupted, with rates.")] = False,
    interval: Annotated[float, typer.Option(help="Seconds between two answers.", min=0.5, max=60)] = 2.0,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Show what the media core measures of each connection and stream, in the names of WebRTC's statistics."""
    with open_session(context, state, as_json) as session:
        meeting = _going_on(session, room_name(room))
        stub = statistics_pb2_grpc.StatisticsServiceStub(session.channel)
        view = StatisticsView({person.id: person.display_name for person in meeting.participants})
        if not follow:
            found = stub.GetMeetingStats(statistics_pb2.GetMeetingStatsRequest(name=meeting.name), timeout=CALL_SECONDS)
            view.take(found)
            # W3C's names are those of JSON, unlike in the other answers.
            if session.as_json:
                _print_json(found)
            else:
                session.answer(found, view.render())
            return
        request = statistics_pb2.WatchMeetingStatsRequest(name=meeting.name)
        request.interval.FromTimedelta(timedelta(seconds=interval))
        answers = stub.WatchMeetingStats(request)
        try:
            if session.as_json:
                for answer in answers:
                    _print_json(answer)
            else:
                follow_live(answers, view, Console(highlight=False))
        except KeyboardInterrupt:
            answers.cancel()


def _print_json(found: statistics_pb2.MeetingStats) -> None:
    typer.echo(MessageToJson(found, indent=None, ensure_ascii=False, always_print_fields_with_no_presence=True))


@meetings.command("admit")
def admit(
    context: typer.Context,
    room: Room,
    people: People = None,
    everybody: Everybody = False,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Let people in who wait."""
    _require_whom(people, everybody)
    with open_session(context, state, as_json) as session:
        parent, stub = room_name(room), _stub(session)
        if everybody:
            request = meetings_pb2.AdmitAllParticipantsRequest(parent=parent)
            admitted = stub.AdmitAllParticipants(request, timeout=CALL_SECONDS)
            session.answer(admitted, f"Admitted {len(admitted.participants)}.")
            return
        ids = _waiting_ids(session, parent, people or [])
        one = meetings_pb2.AdmitParticipantsRequest(parent=parent, participant_ids=ids)
        answer = stub.AdmitParticipants(one, timeout=CALL_SECONDS)
        session.answer(answer, f"Admitted {len(answer.participants)}.")


@meetings.command("turn-away")
def turn_away(
    context: typer.Context, room: Room, people: People = None, state: State = None, as_json: AsJson = False
) -> None:
    """Send people away who wait."""
    _require_whom(people, False)
    with open_session(context, state, as_json) as session:
        parent = room_name(room)
        ids = _waiting_ids(session, parent, people or [])
        request = meetings_pb2.TurnAwayParticipantsRequest(parent=parent, participant_ids=ids)
        session.answer(_stub(session).TurnAwayParticipants(request, timeout=CALL_SECONDS), "Turned away.")


@meetings.command("remove")
def remove(context: typer.Context, room: Room, person: Person, state: State = None, as_json: AsJson = False) -> None:
    """Take somebody out for as long as the meeting lasts."""
    with open_session(context, state, as_json) as session:
        meeting = _going_on(session, room_name(room))
        (found,) = _ids(meeting.participants, [person])
        request = meetings_pb2.RemoveParticipantRequest(name=f"{meeting.name}/participants/{found}")
        session.answer(_stub(session).RemoveParticipant(request, timeout=CALL_SECONDS), "Removed.")


@meetings.command("mute")
def mute(
    context: typer.Context,
    room: Room,
    people: People = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody but the hosts.")] = False,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Switch microphones off; people may switch them on again."""
    _require_whom(people, everybody)
    with open_session(context, state, as_json) as session:
        meeting, stub = _going_on(session, room_name(room)), _stub(session)
        if everybody:
            request = meetings_pb2.MuteAllParticipantsRequest(parent=meeting.name)
            everybody_muted = stub.MuteAllParticipants(request, timeout=CALL_SECONDS)
            session.answer(everybody_muted, f"Muted {len(everybody_muted.participant_ids)}.")
            return
        ids = _ids(meeting.participants, people or [])
        some = meetings_pb2.MuteParticipantsRequest(parent=meeting.name, participant_ids=ids)
        muted = stub.MuteParticipants(some, timeout=CALL_SECONDS)
        session.answer(muted, f"Muted {len(muted.participant_ids)}.")


@meetings.command("lock")
def lock(context: typer.Context, room: Room, state: State = None, as_json: AsJson = False) -> None:
    """Let nobody new in but hosts."""
    with open_session(context, state, as_json) as session:
        name = _going_on(session, room_name(room)).name
        locked = _stub(session).LockMeeting(meetings_pb2.LockMeetingRequest(name=name), timeout=CALL_SECONDS)
        session.answer(locked, f"Locked {escape(name)}.")


@meetings.command("unlock")
def unlock(context: typer.Context, room: Room, state: State = None, as_json: AsJson = False) -> None:
    """Let people in again."""
    with open_session(context, state, as_json) as session:
        name = _going_on(session, room_name(room)).name
        unlocked = _stub(session).UnlockMeeting(meetings_pb2.UnlockMeetingRequest(name=name), timeout=CALL_SECONDS)
        session.answer(unlocked, f"Unlocked {escape(name)}.")


@meetings.command("role")
def role(
    context: typer.Context,
    room: Room,
    person: Person,
    new: Annotated[RoleName, typer.Argument(metavar="ROLE", help="host or participant.")],
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Make somebody a host, or a host a participant."""
    with open_session(context, state, as_json) as session:
        meeting = _going_on(session, room_name(room))
        (found,) = _ids(meeting.participants, [person])
        name = f"{meeting.name}/participants/{found}"
        request = meetings_pb2.SetParticipantRoleRequest(name=name, role=new.to_proto())
        changed = _stub(session).SetParticipantRole(request, timeout=CALL_SECONDS)
        session.answer(changed, f"{escape(changed.display_name)} is {role_word(changed.role)}.")


def _require_whom(people: list[str] | None, everybody: bool) -> None:
    if bool(people) == everybody:
        raise typer.BadParameter("name people, or say --all" if not people else "name people or say --all, not both")


def _going_on(session: Session, parent: str) -> meetings_pb2.Meeting:
    found = _list(session, parent, ended=False).meetings
    if not found:
        raise typer.BadParameter(f"no meeting is going on in {parent}")
    return found[0]


def _waiting_ids(session: Session, parent: str, people: list[str]) -> list[str]:
    request = meetings_pb2.ListWaitingParticipantsRequest(parent=parent)
    return _ids(_stub(session).ListWaitingParticipants(request, timeout=CALL_SECONDS).waiting, people)


def _ids(there: Iterable[meetings_pb2.Participant | meetings_pb2.WaitingParticipant], people: list[str]) -> list[str]:
    """The ids of people that are told by id or by name; a name that several have is refused."""
    known = list(there)
    found = []
    for told in people:
        fitting = [each.id for each in known if each.id == told] or [
            each.id for each in known if each.display_name == told
        ]
        if len(fitting) != 1:
            reason = "is not there" if not fitting else f"is the name of {len(fitting)}; use one's id"
            raise typer.BadParameter(f"{told!r} {reason}")
        found += fitting
    return found


def _stub(session: Session) -> meetings_pb2_grpc.MeetingServiceStub:
    return meetings_pb2_grpc.MeetingServiceStub(session.channel)


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
