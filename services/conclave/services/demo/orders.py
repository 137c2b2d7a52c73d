"""How the demo's process is told what to do: one JSON object a line over a Unix socket, and one line back.

This side needs nothing of what draws and sends: the command line and the appliance's start use it.
"""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["DEMO_ROOM", "Attendee", "DemoAway", "DemoRefused", "give_order"]

DEMO_ROOM = "demo"
# Drawing twelve people and letting them in takes a while on a small machine.
ANSWER_SECONDS = 120.0


class DemoAway(Exception):
    """The demo's process does not run."""


class DemoRefused(Exception):
    """The demo's process cannot do what it was told; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Attendee:
    """One synthetic participant as it is now. state: a GuestState; reason: why it is gone, if it is."""

    name: str
    room: str
    state: str
    microphone: bool
    screen: bool
    reason: str = ""

    def to_json(self) -> dict[str, object]:
        """The fields by name."""
        return asdict(self)


def give_order(path: Path, order: str, **values: object) -> list[Attendee]:
    """Tells the demo's process to do something; returns everybody whom that was about.

    Raises DemoAway and DemoRefused.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps({"order": order, **values}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline() or b"{}")
        except (FileNotFoundError, ConnectionError) as error:
            raise DemoAway("no demo runs here: start the appliance with ./appliance/up --demo") from error
        except PermissionError as error:
            raise DemoAway(f"{path} is closed to you: use sudo, or join the group conclave-admin") from error
    if "attendees" not in answer:
        raise DemoRefused(answer.get("error", "the demo ended before it answered; try again"))
    return [Attendee(**attendee) for attendee in answer["attendees"]]
