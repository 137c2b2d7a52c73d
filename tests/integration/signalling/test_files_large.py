"""2 GiB through a gateway and a control that are killed on the way: the same bit by bit, in memory that stays flat."""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from clients.files_face import PART, Face, Sending, Stream, bearer, begin, file_object, make_id, open_face
from conclave.services.domain.files import MAX_FILE_SIZE, sealed_size
from conclave.v1 import files_pb2, signalling_pb2

MEBIBYTE = 1024 * 1024
# Of a process between its first parts and its last: what allocators and caches take once.
GROWTH = 48 * MEBIBYTE
# How often the client says that it is still there, while it reads.
CHECKED = 32 * MEBIBYTE


class Memory:
    """What processes hold, in bytes: first seen, and most."""

    def __init__(self) -> None:
        self.first: dict[int, int] = {}
        self.most: dict[int, int] = {}
        self.names: dict[int, str] = {}

    def look(self, name: str, process_id: int) -> None:
        status = Path(f"/proc/{process_id}/status").read_text()
        now, peak = (int(status.partition(f"{field}:")[2].split()[0]) * 1024 for field in ("VmRSS", "VmHWM"))
        self.names[process_id] = name
        self.first.setdefault(process_id, now)
        self.most[process_id] = peak

    def report(self) -> list[str]:
        return [
            f"{name} {process_id}: {self.first[process_id] / MEBIBYTE:.1f} MiB, "
            f"at most {self.most[process_id] / MEBIBYTE:.1f} MiB"
            for process_id, name in self.names.items()
        ]

    def grown(self) -> int:
        return max(self.most[process_id] - self.first[process_id] for process_id in self.names)


@pytest.mark.full
@pytest.mark.timeout(2400)
async def test_two_gibibytes_arrive_as_they_were_in_flat_memory(appliance: Any) -> None:
    stream, memory = Stream(sealed_size(MAX_FILE_SIZE), seed=4), Memory()
    assert stream.parts == 513
    tokens = await appliance.make_room()
    async with open_face(appliance) as face, AsyncExitStack() as streams, appliance.connect() as ada:
        await ada.enter(tokens["participant"], "Ada")
        sending, began = await begin(ada, stream.size), time.monotonic()
        kills = iter([60, 200, 201, 400])
        kill_at, number, client, chain = next(kills), 0, ada, bytes(32)
        async with face.session() as http:
            while number < stream.parts:
                if number == kill_at:
                    sending = await interrupted(face, http, client, sending, stream, number)
                    kill_at = next(kills, -1)
                    assert (sending.received, sending.chain) == (number, chain)
                if number == 300:
                    # Not the gateway this time; the token outlives the restart.
                    appliance.kill("control")
                    appliance.start_control()
                    client = await streams.enter_async_context(appliance.connect())
                    await client.resume(ada.token)
                part = stream.part(number)
                chain = hashlib.sha256(chain + hashlib.sha256(part).digest()).digest()
                status, told = await face.put(http, sending, number, part)
                assert status == 204, told
                number += 1
                if number % 10 == 5:
                    assert (await client.ask(ping=signalling_pb2.Ping())).HasField("ack")
                    memory.look("gateway", process_of(face))
                    memory.look("control", appliance.processes["control"].pid)
        sent_s = time.monotonic() - began
        assert (await client.ask(send_content=file_object(make_id(), sending.file_id))).HasField("content_sent")
        began = time.monotonic()
        digest = await read_whole(face, client, sending.file_id, stream.size, memory, appliance)
        print(f"sent in {sent_s:.0f} s, read in {time.monotonic() - began:.0f} s")
        print(*memory.report(), sep="\n")
        assert digest == stream.digest()
        assert memory.grown() < GROWTH, memory.report()


def process_of(face: Face) -> int:
    assert face.process is not None
    return face.process.pid


async def interrupted(
    face: Face, http: aiohttp.ClientSession, client: Any, sending: Sending, stream: Stream, number: int
) -> Sending:
    """Kills the gateway while a part is on its way, and goes on with the upload."""
    halfway = asyncio.Event()

    async def body() -> Any:
        yield stream.part(number)[: PART // 2]
        halfway.set()
        await asyncio.Event().wait()

    size = min(PART, stream.size - number * PART)
    sent = asyncio.create_task(face.put(http, sending, number, body(), **{"Content-Length": str(size)}))
    await halfway.wait()
    await face.kill()
    with pytest.raises(aiohttp.ClientError):
        await sent
    await face.start()
    return await begin(client, stream.size, sending.file_id)


async def read_whole(face: Face, client: Any, file_id: str, size: int, memory: Memory, appliance: Any) -> str:
    """Reads through two deaths of the gateway, each time from where it stopped. Returns SHA-256."""
    whole, offset = hashlib.sha256(), 0
    token = (await client.ask(open_file=files_pb2.OpenFile(file_id=file_id))).file_ticket.token
    for stop_at in (size // 3, size * 2 // 3, size):
        killed = False
        headers = {"Authorization": bearer(token), "Range": f"bytes={offset}-"}
        async with face.session() as http:
            try:
                async with http.get(f"/files/{file_id}", headers=headers) as response:
                    assert response.status == 206
                    async for chunk in response.content.iter_any():
                        whole.update(chunk)
                        if offset // CHECKED != (offset + len(chunk)) // CHECKED:
                            assert (await client.ask(ping=signalling_pb2.Ping())).HasField("ack")
                        offset += len(chunk)
                        if stop_at <= offset < size and not killed:
                            memory.look("gateway", process_of(face))
                            killed = True
                            await face.kill()
            except aiohttp.ClientError:
                assert killed
        if killed:
            await face.start()
            memory.look("gateway", process_of(face))
    assert offset == size
    memory.look("gateway", process_of(face))
    memory.look("control", appliance.processes["control"].pid)
    return whole.hexdigest()
