"""The README's commands work as they are written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A block of commands follows a comment that says when it is run.
BLOCK = re.compile(r"(?:<!-- run(?:: (?P<when>\w+))? -->\n)?```bash\n(?P<commands>.*?)```", re.DOTALL)


def blocks(when: str) -> list[str]:
    """The commands that are marked so, one string a block; "" are those that are run on their own."""
    found = [match for match in BLOCK.finditer((ROOT / "README.md").read_text()) if (match["when"] or "") == when]
    return [match["commands"] for match in found]


def run(commands: str, state: Path) -> subprocess.CompletedProcess[str]:
    """Runs commands one after the other, in a network of their own where possible: the ports are the default."""
    script = f"set -e\n{commands}"
    command = ["bash", "-c", script]
    if os.geteuid() == 0 and shutil.which("unshare"):
        command = ["unshare", "--net", "bash", "-c", f"ip link set lo up\n{script}"]
    environment = {**os.environ, "CONCLAVE_STATE": str(state), "NO_COLOR": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state directory that system users can reach; whatever a failed test left running there is stopped."""
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(directory.stat().st_mode | 0o011)
    yield tmp_path / "state"
    subprocess.run([ROOT / "appliance" / "down", "--state", tmp_path / "state"], capture_output=True, check=False)


def test_every_command_says_when_it_is_run() -> None:
    text = (ROOT / "README.md").read_text()
    assert text.count("```bash") == len(re.findall(r"<!-- run(: (appliance|full))? -->\n```bash", text)) > 3


@pytest.mark.timeout(900)
@pytest.mark.parametrize("commands", blocks(""))
def test_commands_work_as_written(commands: str, state: Path) -> None:
    result = run(commands, state)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.timeout(900)
def test_commands_for_a_running_appliance_work_as_written(state: Path) -> None:
    (commands,) = blocks("appliance")
    result = run(f"./appliance/up --detach\n{commands}\n./appliance/down", state)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "https://127.0.0.1:8443/" in result.stdout


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("commands", blocks("full"))
def test_long_commands_work_as_written(commands: str, state: Path) -> None:
    result = run(commands, state)
    assert result.returncode == 0, result.stdout + result.stderr
