"""The routes of files at a gateway whose control a test decides about: stalls, floods, refusals, and nobody there."""

from __future__ import annotations

import asyncio
import base64
import io
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest

from conclave.services.domain.rates import Rate
from conclave.services.gateway.limits import Limits
from conclave.v1 import files_pb2 as pb
from conclave.v1 import files_pb2_grpc as pb_grpc

FILE = "a" * 16
TOKEN = {"Authorization": "Bearer " + base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")}
MEBIBYTE = 1024 * 1024


class Store(pb_grpc.FileTransferServiceServicer):
    """Takes every part, and has a file that never ends."""

    def __init__(self) -> None:
        self.headers: list[pb.PartHeader] = []
        self.received = self.served = 0
        self.refusal: pb.PartRefusal | None = None
        self.ended: asyncio.Queue[str] = asyncio.Queue()

    async def PutPart(self, request_iterator: Any, context: Any) -> AsyncIterator[pb.PutPartResponse]:
        try:
            async for request in request_iterator:
                if request.HasField("header"):
                    self.headers.append(request.header)
                    if self.refusal is not None:
                        yield pb.PutPartResponse(refusal=self.refusal)
                self.received += len(request.data)
            if self.refusal is None:
                yield pb.PutPartResponse(taken=True, next_number=1)
        finally:
            self.ended.put_nowait("part")

    async def ReadFile(self, request: pb.ReadFileRequest, context: Any) -> AsyncIterator[pb.ReadFileResponse]:
        try:
            size = 1024 * MEBIBYTE
            yield pb.ReadFileResponse(range=pb.FileRange(size=size, offset=0, length=size))
            while True:
                yield pb.ReadFileResponse(data=bytes(256 * 1024))
                self.served += 256 * 1024
        finally:
            self.ended.put_nowait("reading")


Opener = Callable[..., Any]


@pytest.fixture
def open_files(open_face: Opener) -> Opener:
    """Opens a gateway whose control takes and serves files: `async with open_files(limits) as (face, store)`."""

    @asynccontextmanager
    async def opener(**limits: Any) -> AsyncIterator[tuple[Any, Store]]:
        async with open_face(Limits(**limits), start_control=False) as face:
            store, server = Store(), grpc.aio.server()
            pb_grpc.add_FileTransferServiceServicer_to_server(store, server)
            server.add_insecure_port(f"unix:{face.control.socket}")
            await server.start()
            # On a busy machine the gateway needs more than one try; a client would be told to try again.
            await asyncio.wait_for(face.gateway._link._channel.channel_ready(), 60)
            try:
                yield face, store
            finally:
                await server.stop(0)

    return opener


async def put(face: Any, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    async with face.client.put(f"{face.url}/files/{FILE}/parts/0", data=body, headers={**TOKEN, **headers}) as response:
        return response.status, {} if response.status == 204 else await response.json(content_type=None)


async def test_a_part_passes_with_what_control_needs_to_decide(open_files: Opener) -> None:
    async with open_files() as (face, store):
        assert await put(face, io.BytesIO(bytes(MEBIBYTE))) == (204, {})
        (header,) = store.headers
        assert (header.file_id, header.token, header.number, header.size) == (FILE, bytes(range(32)), 0, MEBIBYTE)
        assert store.received == MEBIBYTE


async def test_requests_that_are_no_upload_are_refused_before_control_hears_of_them(open_files: Opener) -> None:
    async def chunked() -> AsyncIterator[bytes]:
        yield b"x"

    async with open_files() as (face, store):
        for body, status in ((chunked(), 411), (io.BytesIO(), 400), (io.BytesIO(bytes(4 * MEBIBYTE + 1)), 413)):
            answer = await put(face, body)
            assert (answer[0], answer[1]["status"]) == (status, status)
        # A cookie or an address is no token, and no other origin is let through to show one.
        for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer " + "x" * 42}):
            async with face.client.get(
                f"{face.url}/files/{FILE}?token=x", headers=headers, cookies={"token": "x"}
            ) as response:
                assert response.status == 401
                assert response.headers["WWW-Authenticate"] == "Bearer"
                assert response.content_type == "application/problem+json"
        path = f"{face.url}/files/{FILE}/parts/0"
        async with face.client.options(path, headers={"Origin": "https://evil.test"}) as response:
            assert response.status == 405
            assert not any(name.lower().startswith("access-control") for name in response.headers)
        async with face.client.post(path, data=b"x", headers=TOKEN) as response:
            assert response.status == 405
        assert store.headers == []


async def test_an_upload_that_stalls_is_ended_at_both_ends(open_files: Opener) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield bytes(1000)
        await asyncio.Event().wait()

    async with open_files(transfer_stall_s=0.3) as (face, store):
        status, problem = await put(face, stalling(), **{"Content-Length": "100000"})
        assert (status, problem["detail"]) == (408, "The part came too slowly; send it again.")
        assert await asyncio.wait_for(store.ended.get(), 20) == "part"


async def test_an_upload_that_drips_is_ended_too(open_files: Opener) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x"
            await asyncio.sleep(0.02)

    async with open_files(part_timeout_s=0.4) as (face, store):
        assert (await put(face, dripping(), **{"Content-Length": "100000"}))[0] == 408
        assert await asyncio.wait_for(store.ended.get(), 20) == "part"


async def test_a_reader_who_does_not_read_is_given_up_and_costs_little(open_files: Opener, certificate: Any) -> None:
    async with open_files(transfer_stall_s=0.5) as (face, store):
        context = ssl.create_default_context(cafile=str(certificate.certificate))
        reader, writer = await asyncio.open_connection("localhost", face.port, ssl=context, limit=1024)
        request = f"GET /files/{FILE} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {TOKEN['Authorization']}\r\n\r\n"
        writer.write(request.encode())
        assert b"200 OK" in await reader.readline()
        assert await asyncio.wait_for(store.ended.get(), 20) == "reading"
        # What control had sent is in sockets and windows, not in the gateway.
        assert store.served < 64 * MEBIBYTE
        writer.transport.abort()


async def test_a_refusal_is_told_before_the_part_has_come(open_files: Opener) -> None:
    started = asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        yield bytes(1000)
        started.set()
        await asyncio.Event().wait()

    async with open_files() as (face, store):
        for code, status in (
            (grpc.StatusCode.UNAUTHENTICATED, 401),
            (grpc.StatusCode.PERMISSION_DENIED, 403),
            (grpc.StatusCode.RESOURCE_EXHAUSTED, 507),
            (grpc.StatusCode.INTERNAL, 500),
        ):
            store.refusal = pb.PartRefusal(status=code.value[0], message="the reason; and what to do")
            answer = await asyncio.wait_for(put(face, waiting(), **{"Content-Length": "100000"}), 20)
            assert answer[0] == status
            assert answer[1]["detail"] == "The reason; and what to do."


async def test_guessed_tokens_cost_their_address_the_right_to_guess(open_files: Opener) -> None:
    async with open_files(refused_tokens_of_address=Rate(0.001, 3)) as (face, store):
        store.refusal = pb.PartRefusal(status=grpc.StatusCode.UNAUTHENTICATED.value[0], message="no")
        assert [(await put(face, io.BytesIO(b"x")))[0] for _ in range(5)] == [401, 401, 401, 429, 429]
        assert len(store.headers) == 3


async def test_floods_and_too_many_at_once_are_turned_away(open_files: Opener) -> None:
    async with open_files(requests_of_files=Rate(0.001, 2)) as (face, _):
        assert [(await put(face, io.BytesIO(b"x")))[0] for _ in range(3)] == [204, 204, 429]
    async with open_files(transfers=1) as (face, _), face.client.get(f"{face.url}/files/{FILE}", headers=TOKEN) as one:
        assert one.status == 200
        status, problem = await put(face, io.BytesIO(b"x"))
        assert (status, problem["status"]) == (503, 503)


async def test_without_control_both_ways_say_to_try_again(open_face: Opener) -> None:
    async with open_face(start_control=False) as face:
        status, problem = await put(face, io.BytesIO(b"x"))
        assert (status, problem["detail"]) == (503, "A part of the appliance is restarting; try again shortly.")
        async with face.client.get(f"{face.url}/files/{FILE}", headers=TOKEN) as response:
            assert response.status == 503
