"""The live view of `conclave meeting watch`."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from conclave.services.cli.words import role_word, when
from conclave.v1 import meetings_pb2, rooms_pb2

__all__ = ["RoomView", "watch_live"]

STATES = {
    meetings_pb2.CONNECTION_STATE_CONNECTING: "connecting",
    meetings_pb2.CONNECTION_STATE_CONNECTED: "connected",
    meetings_pb2.CONNECTION_STATE_RECONNECTING: "reconnecting",
}
SOURCES = {
    meetings_pb2.SOURCE_KIND_MICROPHONE: "microphone",
    meetings_pb2.SOURCE_KIND_CAMERA: "camera",
    meetings_pb2.SOURCE_KIND_SCREEN: "screen",
}


class RoomView:
    """What is known of a room from its events."""

    def __init__(self) -> None:
        self.room = rooms_pb2.Room()
        self.meeting: meetings_pb2.Meeting | None = None
        self.people: dict[str, meetings_pb2.Participant] = {}
        self.waiting: list[meetings_pb2.WaitingParticipant] = []

    def take(self, event: meetings_pb2.WatchMeetingResponse) -> None:
        """Takes one event."""
        match event.WhichOneof("event"):
            case "snapshot":
                self.room = event.snapshot.room
                self.meeting = event.snapshot.meeting if event.snapshot.HasField("meeting") else None
                self.people = {person.id: person for person in event.snapshot.meeting.participants}
                self.waiting = list(event.snapshot.waiting)
            case "meeting_changed":
                self.meeting = None if event.meeting_changed.HasField("end_time") else event.meeting_changed
            case "participant_changed":
                self.people[event.participant_changed.id] = event.participant_changed
            case "participant_gone":
                self.people.pop(event.participant_gone.participant_id, None)
            case "waiting_changed":
                self.waiting = list(event.waiting_changed.waiting)
            case "room_changed":
                self.room = event.room_changed

    def render(self) -> Group:
        """The view as it is now."""
        title = escape(f"{self.room.display_name} ({self.room.name})")
        if self.meeting is None:
            going_on = "no meeting is going on"
        else:
            going_on = f"since {when(self.meeting.start_time)}" + (", [yellow]locked[/]" if self.meeting.locked else "")
        people = Table("Person", "Role", "State", "Sends", "Hand", "Id", box=None, pad_edge=False)
        up = [person for person in self.people.values() if person.HasField("hand_raise_time")]
        up.sort(key=lambda person: person.hand_raise_time.ToNanoseconds())
        hands = {person.id: f"raised ({place})" for place, person in enumerate(up, 1)}
        for person in self.people.values():
            sends = ", ".join(SOURCES[s.kind] for s in person.sources if s.active and s.kind in SOURCES)
            name = escape(person.display_name) + (" [dim](member)[/]" if person.member else "")
            state = STATES.get(person.connection_state, "")
            people.add_row(name, role_word(person.role), state, sends, hands.get(person.id, ""), person.id)
        parts: list[str | Table] = [f"[bold]{title}[/]: {going_on}", people]
        if self.waiting:
            waiting = Table("Waits", "Since", "Id", box=None, pad_edge=False)
            for each in self.waiting:
                waiting.add_row(escape(each.display_name), when(each.arrive_time), each.id)
            parts.append(waiting)
        return Group(*parts)


def watch_live(events: Iterable[meetings_pb2.WatchMeetingResponse], console: Console) -> None:
    """Draws the view anew with each event, until there are no more."""
    view = RoomView()
    with Live(view.render(), console=console, auto_refresh=False) as live:
        for event in events:
            view.take(event)
            live.update(view.render(), refresh=True)
