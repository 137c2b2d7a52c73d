"""HTTPS and TURN over TLS on one port, attacked from both sides. A server that a test decides stands for the relay."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from conclave.services.gateway import application, relayed
from conclave.services.gateway.limits import Limits
from conclave.services.gateway.relayed import RelayedConnections

if TYPE_CHECKING:
    from tests.integration.gateway.conftest import Certificate, Face, Opener

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

# RFC 8489 section 5: a Binding request without attributes.
BINDING = bytes.fromhex("00010000 2112a442 000102030405060708090a0b")
# The PROXY protocol, version 2: what the gateway says of a client that came over IPv4.
HEADER_SIZE = 28
PATIENCE_S = 20


@asynccontextmanager
async def relay(handler: Handler) -> AsyncIterator[int]:
    """Serves on the loopback in place of the relay; yields the port."""
    served: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            assert (await reader.readexactly(HEADER_SIZE)).startswith(b"\r\n\r\n\x00\r\nQUIT\n\x21\x11")
            await handler(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    for writer in served:
        writer.transport.abort()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def connected(
    face: Face, certificate: Certificate
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    trust = ssl.create_default_context(cafile=str(certificate.certificate))
    reader, writer = await asyncio.open_connection("127.0.0.1", face.port, ssl=trust)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ends(reader: asyncio.StreamReader) -> bytes:
    """What still came until the connection was over, in whichever way."""
    received = bytearray()
    async with asyncio.timeout(PATIENCE_S):
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                received += data
    return bytes(received)


async def test_stun_goes_to_the_relay_and_the_web_stays_the_gateways(
    open_face: Opener, certificate: Certificate
) -> None:
    async with (
        relay(echo) as port,
        open_face(relay_port=port) as face,
        connected(face, certificate) as (reader, writer),
    ):
        # One byte is enough to tell.
        writer.write(BINDING[:1])
        await writer.drain()
        writer.write(BINDING[1:] + b"and whatever follows")
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.readexactly(len(BINDING) + 20) == BINDING + b"and whatever follows"
        async with face.client.get(f"{face.url}/") as page:
            assert page.status == 200
        async with face.connect() as client:
            assert (await client.hello()).HasField("welcome")


@pytest.mark.parametrize("first", [b"\x04", b"\x16\x03\x01", b"\x40\x00\x00\x04", b"\x80", b"\xff" * 64])
async def test_garbage_never_reaches_the_relay(open_face: Opener, certificate: Certificate, first: bytes) -> None:
    reached = asyncio.Event()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()

    async with (
        relay(note) as port,
        open_face(relay_port=port) as face,
        connected(face, certificate) as (reader, writer),
    ):
        writer.write(first + b"\r\n\r\n")
        assert (await ends(reader)).startswith(b"HTTP/1.0 400 ")
    assert not reached.is_set()


async def test_stun_without_a_relay_is_no_http(open_face: Opener, certificate: Certificate) -> None:
    async with open_face() as face, connected(face, certificate) as (reader, writer):
        writer.write(BINDING + b"\r\n\r\n")
        assert (await ends(reader)).startswith(b"HTTP/1.0 400 ")


async def test_who_says_nothing_is_not_waited_for(
    open_face: Opener, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "_REQUEST_TIMEOUT_S", 0.2)
    async with open_face() as face, connected(face, certificate) as (reader, _):
        assert await ends(reader) == b""


async def test_a_relay_that_is_away_ends_the_connection(open_face: Opener, certificate: Certificate) -> None:
    async with relay(echo) as port:
        pass
    async with open_face(relay_port=port) as face, connected(face, certificate) as (reader, writer):
        writer.write(BINDING)
        assert await ends(reader) == b""


async def test_either_end_takes_the_other_with_it(open_face: Opener, certificate: Certificate) -> None:
    over: asyncio.Queue[bytes] = asyncio.Queue()

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(len(BINDING))
        writer.write(first)
        if first == BINDING:
            writer.close()
        else:
            over.put_nowait(await ends(reader))

    async with relay(answer_once) as port, open_face(relay_port=port) as face:
        async with connected(face, certificate) as (reader, writer):
            writer.write(BINDING)
            assert await ends(reader) == BINDING
        async with connected(face, certificate) as (reader, writer):
            writer.write(BINDING[:-1] + b"!")
            async with asyncio.timeout(PATIENCE_S):
                await reader.readexactly(len(BINDING))
        async with asyncio.timeout(PATIENCE_S):
            assert await over.get() == b""


async def test_one_address_has_only_so_many(open_face: Opener, certificate: Certificate) -> None:
    async with relay(echo) as port, open_face(Limits(relayed_of_address=1), relay_port=port) as face:
        async with connected(face, certificate) as (reader, writer):
            writer.write(BINDING)
            async with asyncio.timeout(PATIENCE_S):
                await reader.readexactly(len(BINDING))
            async with connected(face, certificate) as (second, writer_of_second):
                writer_of_second.write(BINDING)
                assert await ends(second) == b""
        # The place is free again once the gateway has seen that the first is gone.
        while True:
            async with connected(face, certificate) as (reader, writer):
                writer.write(BINDING)
                async with asyncio.timeout(PATIENCE_S):
                    if await reader.read(len(BINDING)) == BINDING:
                        return


async def test_a_client_that_does_not_read_stops_the_relay(open_face: Opener, certificate: Certificate) -> None:
    stuck: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent, block = 0, bytes(1 << 20)
        while True:
            writer.write(block)
            try:
                async with asyncio.timeout(1):
                    await writer.drain()
            except TimeoutError:
                stuck.set_result(sent)
                writer.transport.abort()
                return
            sent += len(block)

    async with relay(flood) as port, open_face(relay_port=port) as face, connected(face, certificate) as (_, writer):
        writer.transport.pause_reading()
        writer.write(BINDING)
        async with asyncio.timeout(PATIENCE_S):
            # What fits into the kernel's and TLS's buffers on the way, and no more.
            assert await stuck < 64 << 20


# Stuck while the relay still has something for it, and after all that the relay had is waiting here.
@pytest.mark.parametrize("waiting_max", [64 << 10, 1 << 30])
async def test_a_client_that_does_not_read_loses_its_place(monkeypatch: pytest.MonkeyPatch, waiting_max: int) -> None:
    monkeypatch.setattr(relayed, "_WAITING_MAX", waiting_max)
    monkeypatch.setattr(relayed, "_CLOSE_TIMEOUT_S", 0.2)
    monkeypatch.setattr(relayed, "_STALL_TIMEOUT_S", 0.2)

    async def flood_and_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # More than the kernel takes for a client that reads nothing.
        writer.write(bytes(64 << 20))
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await writer.drain()
        writer.transport.abort()

    loop = asyncio.get_running_loop()
    async with relay(flood_and_end) as port:
        connections = RelayedConnections(port, Limits(relayed=1))
        # As on the port without TLS, whose transport waits for its buffer without limit.
        server = await loop.create_server(connections, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        with socket.create_connection(address) as client:
            client.sendall(BINDING)
            async with asyncio.timeout(PATIENCE_S):
                # The one place is free again, though the first client is still there.
                while True:
                    reader, writer = await asyncio.open_connection(*address)
                    writer.write(BINDING)
                    with suppress(ConnectionError):
                        if await reader.read(1):
                            break
                    writer.transport.abort()
        writer.transport.abort()
        await connections.stop()
        server.close()
