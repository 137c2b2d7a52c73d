"""What the process takes from itself, tried in a process of its own: it cannot be undone."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

TRIAL = """
import ctypes, os, resource, socket, sys, threading
from conclave.core import confinement

seen = {}
go, done = threading.Event(), threading.Event()

def attempt(name, call):
    try:
        call()
        seen[name] = "done"
    except OSError as error:
        seen[name] = type(error).__name__

def try_all(prefix):
    attempt(prefix + "read", lambda: open("/etc/hostname").close())
    attempt(prefix + "write", lambda: open("/dev/null", "w").close())
    attempt(prefix + "directory", lambda: os.listdir("/"))
    attempt(prefix + "program", lambda: os.execv("/bin/true", ["true"]))
    attempt(prefix + "socket", lambda: socket.socket().close())

def other_thread():
    go.wait()
    try_all("thread ")
    done.set()

threading.Thread(target=other_thread).start()
confinement.forbid_core_dumps()
open("/etc/hostname").close()
assert confinement.forbid_files()
try_all("")
go.set()
done.wait()
print(seen, resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3))
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no filter for this machine")
def test_no_thread_can_open_a_file_or_start_a_program() -> None:
    command = [sys.executable, "-c", TRIAL]
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    refused = dict.fromkeys(("read", "write", "directory", "program"), "PermissionError")
    once = {**refused, "socket": "done"}
    expected = {**once, **{f"thread {name}": outcome for name, outcome in once.items()}}
    assert result.stdout.strip() == f"{expected} (0, 0) 0"
