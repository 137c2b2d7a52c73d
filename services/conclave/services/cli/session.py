"""What every command shares: which appliance, how to answer, and how an error is told."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import grpc
import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console, RenderableType
from rich.markup import escape

from conclave.services.appliance.admin import connect, describe, status_of
from conclave.services.appliance.errors import NotRunning, StartFailed
from conclave.services.appliance.layout import Layout, default_state

__all__ = ["CALL_SECONDS", "AsJson", "Choices", "Session", "State", "open_session"]

CALL_SECONDS = 10.0

State = Annotated[
    Path | None,
    typer.Option(
        "--state", help="Directory of the appliance's state.", envvar="CONCLAVE_STATE", metavar="DIR", readable=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen before the command's name; the same options after it win."""

    state: Path | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A command's way to the appliance and to the one who asked."""

    channel: grpc.Channel
    layout: Layout
    as_json: bool

    def answer(self, message: Message, text: RenderableType) -> None:
        """Tells a result: the message whole for programs, the text for people."""
        if self.as_json:
            self.answer_values(
                MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
            )
        else:
            Console(highlight=False).print(text, soft_wrap=isinstance(text, str))

    def answer_values(self, values: Mapping[str, object]) -> None:
        """Tells a result to a program."""
        json.dump(values, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")


@contextlib.contextmanager
def open_session(context: typer.Context, state: Path | None, as_json: bool) -> Iterator[Session]:
    """Connects to the appliance; whatever fails ends the command with status 1 and says what to do."""
    before = context.obj if isinstance(context.obj, Choices) else Choices(None, False)
    as_json = as_json or before.as_json
    try:
        layout = Layout.at(state or before.state or default_state())
    except StartFailed as error:
        raise _failed("INVALID_STATE", str(error), as_json) from error
    try:
        with connect(layout) as channel:
            yield Session(channel, layout, as_json)
    except NotRunning as error:
        raise _failed("NOT_RUNNING", str(error), as_json) from error
    except grpc.RpcError as error:
        raise _failed(status_of(error).name, describe(error, layout), as_json) from error


def _failed(code: str, message: str, as_json: bool) -> typer.Exit:
    if as_json:
        json.dump({"error": {"code": code, "message": message}}, sys.stderr, ensure_ascii=False)
        sys.stderr.write("\n")
    else:
        Console(stderr=True, highlight=False).print(f"[red]Error:[/] {escape(message)}", soft_wrap=True)
    return typer.Exit(1)
