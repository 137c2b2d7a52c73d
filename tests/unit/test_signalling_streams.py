"""One stream of the gateway: what becomes of it when a request fails. No socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from conclave.services.signalling.connection import Connection
from conclave.services.signalling.grpc import SignallingServicer
from conclave.services.signalling.outbox import Outbox
from conclave.v1 import signalling_pb2 as pb


class Faulty:
    """Answers pings, and fails at everything else."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.was_lost = False

    async def handle(self, message: pb.ClientMessage) -> None:
        if not message.HasField("ping"):
            raise KeyError("a fault of ours")
        self.outbox.put(pb.ServerMessage(request_id=message.request_id, ack=pb.Ack()))

    def lost(self) -> None:
        self.was_lost = True


async def requests(*bodies: dict[str, object]) -> AsyncIterator[pb.ConnectRequest]:
    for number, body in enumerate(bodies, 1):
        yield pb.ConnectRequest(message=pb.ClientMessage(request_id=number, **body))  # type: ignore[arg-type]


async def test_a_request_that_fails_fails_its_stream_after_what_was_answered() -> None:
    faulty = Faulty()
    servicer = SignallingServicer(lambda: cast(Connection, faulty))
    stream = servicer.Connect(requests({"ping": pb.Ping()}, {"leave": pb.Leave()}), None)
    async with asyncio.timeout(5):
        assert (await anext(stream)).message.request_id == 1
        with pytest.raises(KeyError, match="a fault of ours"):
            await anext(stream)
    assert faulty.was_lost


async def test_a_stream_that_its_client_ends_is_over_without_a_fault() -> None:
    faulty = Faulty()
    servicer = SignallingServicer(lambda: cast(Connection, faulty))
    async with asyncio.timeout(5):
        answers = [response async for response in servicer.Connect(requests({"ping": pb.Ping()}), None)]
    assert ([answer.message.request_id for answer in answers], faulty.was_lost) == ([1], True)
