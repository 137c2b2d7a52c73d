"""An appliance that runs for the Python client's tests, and the commands to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conclave.client import Client, Meeting

__all__ = ["ENVIRONMENT", "ROOT", "Appliance", "command"]

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("core", "services", "proto"))}


@dataclass(frozen=True)
class Appliance:
    """What runs, and the commands to it."""

    state: Path
    port: int

    @property
    def authority(self) -> Path:
        return self.state / "ca" / "ca.pem"

    def conclave(self, *arguments: str) -> Any:
        """What a command answers, as JSON."""
        command = [ROOT / ".venv" / "bin" / "conclave", "--state", self.state, "--json", *arguments]
        result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=120)
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads(result.stdout)

    def make_room(self, name: str, *options: str, protection: str = "managed") -> str:
        """A room's link for hosts."""
        self.conclave("room", "create", name, "--protection", protection, *options)
        return self.invite(name, "--role", "host")

    def invite(self, room: str, *options: str) -> str:
        """A link into a room."""
        return str(self.conclave("invite", room, *options)["url"])

    def process_id(self, program: str) -> int:
        """The process id of a program; 0 while it does not run."""
        supervised = self.conclave("status")["supervised"]
        return next((each["pid"] for each in supervised if each["name"] == program), 0)

    async def join(self, link: str, name: str, **options: Any) -> Meeting:
        """Comes in."""
        return await Client.join(link, name=name, authority=self.authority, **options)


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Runs a command of the appliance's."""
    words = (sys.executable, "-m", "conclave.services.appliance", *words)
    return subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300)
