"""The client's examples, the README's included, work as they are written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import av
import pytest

from python_client.running import ENVIRONMENT, ROOT, Appliance

EXAMPLE = re.compile(r"<!-- example: standup -->\n```python\n(.*?)```", re.DOTALL)


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> str:
    """What a program printed. It ended well, and had nothing to complain of."""
    try:
        output, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, ""), output
    return output


@pytest.mark.full
@pytest.mark.timeout(300)
def test_examples_work_together(appliance: Appliance, tmp_path: Path) -> None:
    link, trust = appliance.make_room("examples"), ["--authority", appliance.authority]
    example = "conclave.client.examples"
    minutes = start("-m", f"{example}.minutes", link, *trust, "--lines", "1")
    assert minutes.stdout is not None
    assert minutes.stdout.readline() == "here: Minutes\n"
    picture = start("-m", f"{example}.moving_picture", link, *trust, "--seconds", "60")
    output = finish(minutes)
    assert "Picture comes" in output
    assert "Picture: hello, 2 of us are here" in output
    image = tmp_path / "seen.png"
    assert finish(start("-m", f"{example}.snapshot", link, "Picture", image, *trust)) == ""
    picture.terminate()
    picture.communicate()
    with av.open(str(image)) as container:
        seen = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert seen.shape == (360, 640, 3)
    bright = (seen[180, :, 0] > 180).sum()
    assert 20 <= bright <= 60, "the bar"


@pytest.mark.timeout(300)
def test_the_example_of_the_readme_works(appliance: Appliance, tmp_path: Path) -> None:
    (program,) = EXAMPLE.findall((ROOT / "README.md").read_text())
    (tmp_path / "standup.py").write_text(program)
    link = appliance.make_room("readme")
    assert finish(start(tmp_path / "standup.py", link, appliance.authority)) == "Alice: hello\n"
