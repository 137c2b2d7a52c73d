"""The worker asks for no memory once it runs: counted in the real process, thread by thread."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clients.core_process import CoreProcess
from clients.handshake import GCM_128, SHA1_80
from clients.media import VideoMaker
from clients.meeting import Meeting, play
from clients.participant import VIDEO

if TYPE_CHECKING:
    from clients.participant import Participant

RECORD = struct.Struct("=QQ")
RECORDS = 256
FRAMES = 100
WORKER = "worker thread"
# The line that says "started" then begins with the thread to look at.
ENTRY = f"""
import sys, threading
from conclave.core import process
def start(thread, begin=threading.Thread.start):
    begin(thread)
    if thread.name == "conclave-worker":
        print("{WORKER}", thread.native_id, end=" ", flush=True)
threading.Thread.start = start
sys.exit(process.main())
"""


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of counts; what is started from here on counts into it."""
    library, counts = tmp_path / "allocations.so", tmp_path / "counts"
    source = Path(__file__).with_name("allocations.c")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-Wall", "-Werror", source, "-o", library], check=True)
    counts.write_bytes(bytes(RECORD.size * RECORDS))
    monkeypatch.setenv("CONCLAVE_ALLOCATIONS", str(counts))
    monkeypatch.setenv("LD_PRELOAD", str(library))
    return counts


def allocations(counts: Path) -> dict[int, int]:
    """How often each thread has asked for memory."""
    return {thread: count for thread, count in RECORD.iter_unpack(counts.read_bytes()) if thread}


def show(publisher: Participant, camera: VideoMaker, subscribers: list[Participant], frames: int) -> None:
    """Sends frames of five packets until every subscriber has so many packets more."""
    wanted = {subscriber.name: len(subscriber.received("rv0")) + 5 * frames for subscriber in subscribers}
    play(
        publisher,
        [camera],
        subscribers,
        lambda: all(len(subscriber.received("rv0")) >= wanted[subscriber.name] for subscriber in subscribers),
        packets=5,
    )


@pytest.mark.parametrize("crypto", ["auto", "openssl"])
@pytest.mark.parametrize("profile", [GCM_128, SHA1_80])
def test_forwarding_asks_for_no_memory(counted: Path, tmp_path: Path, crypto: str, profile: str) -> None:
    with (
        CoreProcess(tmp_path / "run", "--crypto", crypto, entry=("-c", ENTRY)) as core,
        Meeting(core) as meeting,
    ):
        worker = int(core.log[-1].removeprefix(WORKER).split()[0])
        publisher = meeting.join("publisher", profiles=[profile])
        subscribers = [meeting.join(f"subscriber{i}", profiles=[profile], audio_slots=0) for i in range(2)]
        camera = VideoMaker(1, VIDEO, mid="v")
        for subscriber in subscribers:
            subscriber.show("rv0", f"{publisher.name}/v")
        show(publisher, camera, subscribers, 1)
        before, sent = allocations(counted), core.worker_statistics().packets_sent
        for participant in (publisher, *subscribers):
            participant.send(participant.check())
        show(publisher, camera, subscribers, FRAMES)
        after = allocations(counted)
        assert core.worker_statistics().packets_sent - sent >= 2 * 5 * FRAMES
    assert after.get(worker, 0) == before.get(worker, 0)
    # The counter works: this thread answered for statistics in between.
    assert sum(after.values()) > sum(before.values())


def test_the_counter_sees_each_kind_of_request(counted: Path) -> None:
    script = """
import ctypes
libc = ctypes.CDLL(None)
for name in ("malloc", "calloc", "realloc", "aligned_alloc"):
    getattr(libc, name).restype = ctypes.c_void_p
size, nothing = ctypes.c_size_t(64), ctypes.c_void_p(0)
kinds = [lambda: libc.malloc(size), lambda: libc.calloc(size, size), lambda: libc.realloc(nothing, size),
         lambda: libc.aligned_alloc(size, size)]
for kind in kinds:
    for _ in range(100_000):
        kind()
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    assert sum(allocations(counted).values()) >= 400_000
