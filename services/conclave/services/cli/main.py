"""The `conclave` command."""

from __future__ import annotations

import typer

from conclave.services.cli.demo import demo
from conclave.services.cli.meetings import meetings
from conclave.services.cli.rooms import invite, rooms
from conclave.services.cli.session import AsJson, Choices, State
from conclave.services.cli.status import status

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Rooms, invites and meetings of the appliance on this machine.",
)


@app.callback()
def choose(context: typer.Context, state: State = None, as_json: AsJson = False) -> None:
    """Keeps what was chosen for the command that follows."""
    context.obj = Choices(state, as_json)


app.add_typer(rooms, name="room")
app.add_typer(meetings, name="meeting")
app.add_typer(demo, name="demo")
app.command("invite")(invite)
app.command("status")(status)
