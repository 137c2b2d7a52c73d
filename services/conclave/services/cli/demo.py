"""`conclave demo`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conclave.services.appliance.demo import make_demo_invites
from conclave.services.appliance.errors import NotRunning
from conclave.services.cli.session import AsJson, Session, State, open_session
from conclave.services.demo.orders import DEMO_ROOM, Attendee, DemoAway, DemoRefused, give_order
from conclave.v1 import rooms_pb2_grpc

__all__ = ["demo"]

demo = typer.Typer(no_args_is_help=True, help="Add, remove and show the synthetic participants of `up --demo`.")

Room = Annotated[str, typer.Option(help="The room they come to.")]


@demo.command("add")
def add(
    context: typer.Context,
    count: Annotated[int, typer.Option(help="How many.", min=1, max=12)] = 1,
    room: Room = DEMO_ROOM,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Let more people come, and return when they are there."""
    with open_session(context, state, as_json) as session, _orders():
        # Before invites are made for nobody.
        give_order(session.layout.demo_socket, "status")
        rooms = rooms_pb2_grpc.RoomServiceStub(session.channel)
        invites = make_demo_invites(rooms, room.removeprefix("rooms/"), count)
        _answer(session, give_order(session.layout.demo_socket, "add", room=room, invites=invites))


@demo.command("remove")
def remove(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Whom; the last who came.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody.")] = False,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Let people leave: those named, or the last who came."""
    with open_session(context, state, as_json) as session, _orders():
        there = [attendee.name for attendee in give_order(session.layout.demo_socket, "status")]
        whom = there if everybody else names or there[-1:]
        _answer(session, give_order(session.layout.demo_socket, "remove", names=whom))


@demo.command("share")
def share(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Who; the second who came.")] = "",
    stop: Annotated[bool, typer.Option("--stop", help="End all sharing instead.")] = False,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Let one of them share a screen with slides."""
    with open_session(context, state, as_json) as session, _orders():
        path = session.layout.demo_socket
        if stop:
            _answer(session, give_order(path, "stop_sharing"))
            return
        there = [attendee.name for attendee in give_order(path, "status")]
        if not there:
            raise DemoRefused("nobody is there to share a screen: conclave demo add")
        _answer(session, give_order(path, "share", name=name or there[:2][-1]))


@demo.command("status")
def status(context: typer.Context, state: State = None, as_json: AsJson = False) -> None:
    """Tell who is there."""
    with open_session(context, state, as_json) as session, _orders():
        _answer(session, give_order(session.layout.demo_socket, "status"))


@contextlib.contextmanager
def _orders() -> Iterator[None]:
    """Turns what goes wrong with an order into what goes wrong with a command."""
    try:
        yield
    except DemoAway as error:
        raise NotRunning(str(error)) from error
    except DemoRefused as error:
        raise typer.BadParameter(str(error)) from error
    except TimeoutError as error:
        raise NotRunning("the demo does not answer; conclave status tells whether it runs") from error


def _answer(session: Session, attendees: list[Attendee]) -> None:
    if session.as_json:
        session.answer_values({"attendees": [attendee.to_json() for attendee in attendees]})
        return
    table = Table("Person", "Room", "State", "Microphone", "Screen", "", box=None, pad_edge=False)
    for each in attendees:
        microphone, screen = "on" if each.microphone else "off", "shared" if each.screen else ""
        table.add_row(*map(escape, (each.name, each.room, each.state, microphone, screen, each.reason)))
    Console(highlight=False).print(table if attendees else "Nobody.")
