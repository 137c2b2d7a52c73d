"""An appliance started with the real commands, in a namespace of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser.network import Network

__all__ = ["MEDIA_PORT", "RunningAppliance"]

ROOT = Path(__file__).resolve().parents[2]
PORT = 8443
MEDIA_PORT = 10000
_START_SECONDS = 120


class RunningAppliance:
    """Starts an appliance in a network, makes rooms and invites in it, kills its processes, and stops it."""

    def __init__(self, network: Network, state: Path, *options: str) -> None:
        self._namespace = network.server
        self.state = state
        roots = os.pathsep.join(str(ROOT / part) for part in ("core", "services", "proto"))
        self._environment = {**os.environ, "PYTHONPATH": roots}
        # `./appliance/up` runs this very command once everything is built, which `./tests/run` has seen to.
        ports = ("--port", str(PORT), "--media-port", str(MEDIA_PORT))
        self._appliance("up", "--detach", *ports, "--address", network.plan.server, *options)
        self._prefer()

    def _prefer(self) -> None:
        """As if on a machine of its own: the browsers of a whole meeting share this one with the appliance."""
        # sched(7): with autogroups a process's own niceness counts within its session only. The supervisor and all
        # that it starts, and starts again, are one session.
        group = Path(f"/proc/{self.process_ids()['conclave-core']}/autogroup")
        if group.exists():
            group.write_text("-15")

    def make_room(self, name: str, *policy: str, max_participants: int = 12, protection: str = "managed") -> None:
        seats = ("--max-participants", str(max_participants))
        self.conclave("room", "create", name, "--protection", protection, *seats, *policy)

    def change_room(self, name: str, *policy: str) -> None:
        self.conclave("room", "update", name, *policy)

    def room_link(self, name: str) -> dict[str, str]:
        """A new link of the room's own: its url and dial_code."""
        link: dict[str, str] = self.conclave("room", "link", name, "--new")
        return link

    def invite(self, room: str, *options: str) -> str:
        """A link into the room."""
        return str(self.conclave("invite", room, *options)["url"])

    def process_ids(self) -> dict[str, int]:
        """The processes by name, "conclave-core" and so on."""
        return {process["name"]: int(process["pid"]) for process in self.conclave("status")["supervised"]}

    def kill(self, process_id: int) -> None:
        """kill -9."""
        os.kill(process_id, signal.SIGKILL)

    @contextmanager
    def held(self, *names: str) -> Iterator[None]:
        """Stops processes without ending them meanwhile, as when the network between were cut."""
        numbers = [self.process_ids()[name] for name in names]
        for number in numbers:
            os.kill(number, signal.SIGSTOP)
        yield
        for number in numbers:
            os.kill(number, signal.SIGCONT)

    def logs(self) -> str:
        """The end of every process's log, for a failure's report."""
        tails = []
        for path in sorted((self.state / "log").glob("*.log")):
            lines = path.read_text(errors="replace").splitlines()[-25:]
            tails.append("\n".join([f"--- {path.name}", *lines]))
        return "\n".join(tails)

    def close(self) -> None:
        self._appliance("down")

    def _appliance(self, *arguments: str) -> None:
        self._run([sys.executable, "-m", "conclave.services.appliance"], *arguments)

    def conclave(self, *arguments: str) -> Any:
        """Runs a command of the command line, and returns what it answers."""
        return json.loads(self._run([str(Path(sys.executable).with_name("conclave"))], *arguments, "--json"))

    def _run(self, program: Sequence[str], *arguments: str) -> str:
        command = [*program, *arguments, "--state", str(self.state)]
        done = subprocess.run(
            [*self._namespace.prefix, *command],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_START_SECONDS,
        )
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}\n{self.logs()}")
        return done.stdout
