"""An appliance that runs for the Python client's tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ports import free_ports

from python_client.running import Appliance, command


@pytest.fixture(scope="session")
def appliance() -> Iterator[Appliance]:
    # Where system users may pass, whatever else runs: pytest closes its own directory to them at every start.
    with tempfile.TemporaryDirectory(prefix="cv-") as directory:
        Path(directory).chmod(0o755)
        state = Path(directory) / "state"
        port, media_port = free_ports()
        own = ["--state", str(state), "--address", "127.0.0.1", "--port", str(port)]
        own += ["--media-port", str(media_port)]
        try:
            # `./appliance/up` runs this very command once everything is built, which `./tests/run` has seen to.
            started = command("up", "--detach", *own)
            assert started.returncode == 0, started.stdout + started.stderr
            yield Appliance(state, port)
        finally:
            command("down", "--state", str(state))
