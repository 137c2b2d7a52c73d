"""The WebSocket /signal: what is carried, what is refused, and how each limit ends a connection."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from conclave.services.domain.rates import Rate
from conclave.services.gateway.limits import Limits
from conclave.services.gateway.outgoing import CloseCode
from conclave.v1 import signalling_pb2 as pb

PATIENT = Rate(1000, 1000)


async def test_messages_are_carried_both_ways_in_order(open_face: Any) -> None:
    async with open_face() as face, face.connect() as client:
        assert (await client.hello()).welcome.version == 1
        for request_id in range(2, 30):
            await client.send(request_id=request_id, ping=pb.Ping())
        assert [(await client.receive()).request_id for _ in range(2, 30)] == list(range(2, 30))
        events = await face.control.streams.get()
        events.put_nowait(pb.ConnectResponse(message=pb.ServerMessage(media_lost=pb.MediaLost())))
        assert (await client.receive()).WhichOneof("body") == "media_lost"


async def test_a_large_offer_is_carried(open_face: Any) -> None:
    async with open_face() as face, face.connect() as client:
        await client.hello()
        offer = pb.Offer(sdp="v" * 200_000)
        await client.send(request_id=2, offer=offer)
        assert (await client.receive()).request_id == 2
        assert face.control.received[1].offer == offer


async def test_the_last_answer_arrives_before_the_close(open_face: Any) -> None:
    async with open_face() as face, face.connect() as client:
        await client.hello()
        await client.send(request_id=2, leave=pb.Leave())
        assert (await client.receive()).WhichOneof("body") == "ack"
        assert await client.receive_close() == CloseCode.NORMAL


async def test_control_is_told_when_a_client_goes(open_face: Any) -> None:
    async with open_face() as face:
        async with face.connect() as client:
            await client.hello()
        await asyncio.wait_for(face.control.ended.get(), 10)


@pytest.mark.parametrize("protocols", [[], ["conclave.v2"], ["chat"]])
async def test_another_subprotocol_is_refused(open_face: Any, protocols: list[str]) -> None:
    async with open_face() as face:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with face.connect(protocols=protocols):
                pass
        assert refused.value.status == 400


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "http://localhost", "null"])
async def test_a_page_from_elsewhere_is_refused(open_face: Any, origin: str | None) -> None:
    async with open_face() as face:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with face.connect(origin=origin):
                pass
        assert refused.value.status == 403


async def expect_end(client: Any, error: pb.ErrorCode.ValueType, close_code: CloseCode) -> pb.ServerMessage:
    answer: pb.ServerMessage = await client.receive()
    assert answer.error.code == error
    assert answer.error.message
    assert await client.receive_close() == close_code
    return answer


async def test_text_is_refused(open_face: Any) -> None:
    async with open_face() as face, face.connect() as client:
        await client.socket.send_str("hello")
        await expect_end(client, pb.ERROR_CODE_INVALID_REQUEST, CloseCode.UNSUPPORTED_DATA)
        assert face.control.received == []


@pytest.mark.parametrize("frame", [b"\xff" * 10, b"\x12\xff\xff\xff\xff\x7f", b"\x08"])
async def test_what_does_not_decode_is_refused(open_face: Any, frame: bytes) -> None:
    async with open_face() as face, face.connect() as client:
        await client.socket.send_bytes(frame)
        await expect_end(client, pb.ERROR_CODE_INVALID_REQUEST, CloseCode.POLICY_VIOLATION)
        assert face.control.received == []


@pytest.mark.parametrize(
    "first", [{"request_id": 1, "ping": pb.Ping()}, {"request_id": 0, "hello": pb.Hello()}, {"request_id": 9}]
)
async def test_the_first_message_is_hello(open_face: Any, first: dict[str, Any]) -> None:
    async with open_face() as face, face.connect() as client:
        await client.send(**first)
        answer = await expect_end(client, pb.ERROR_CODE_INVALID_REQUEST, CloseCode.POLICY_VIOLATION)
        assert answer.request_id == first["request_id"]
        assert face.control.received == []


async def test_silence_at_the_start_ends_the_connection(open_face: Any) -> None:
    async with open_face(Limits(hello_timeout_s=0.1)) as face, face.connect() as client:
        await expect_end(client, pb.ERROR_CODE_INVALID_REQUEST, CloseCode.POLICY_VIOLATION)


async def test_silence_later_ends_the_connection(open_face: Any) -> None:
    async with open_face(Limits(idle_timeout_s=0.1)) as face, face.connect() as client:
        await client.hello()
        await expect_end(client, pb.ERROR_CODE_LIMIT_EXCEEDED, CloseCode.IDLE)
        await asyncio.wait_for(face.control.ended.get(), 10)


async def test_who_does_not_answer_any_more_is_gone_long_before_they_are_idle(open_face: Any) -> None:
    async with open_face(Limits(heartbeat_s=1)) as face, face.connect(autoping=False) as client:
        await client.hello()
        # As one who was cut off: the connection stands, and nothing comes back.
        await asyncio.wait_for(face.control.ended.get(), 10)


async def test_who_answers_and_says_nothing_stays(open_face: Any) -> None:
    async with open_face(Limits(heartbeat_s=1)) as face, face.connect(autoping=False) as client:
        await client.hello()
        for _ in range(3):
            frame = await client.socket.receive(20)
            assert frame.type is aiohttp.WSMsgType.PING
            await client.socket.pong(frame.data)
        assert face.control.ended.empty()
        await client.send(request_id=2, ping=pb.Ping())
        assert (await client.receive()).request_id == 2


@pytest.mark.parametrize("size", [256 * 1024 + 1, 400 * 1024])
async def test_a_message_that_is_too_large_is_answered_and_ends_the_connection(open_face: Any, size: int) -> None:
    async with open_face() as face, face.connect() as client:
        await client.hello()
        await client.socket.send_bytes(b"x" * size)
        await expect_end(client, pb.ERROR_CODE_LIMIT_EXCEEDED, CloseCode.MESSAGE_TOO_BIG)
        assert len(face.control.received) == 1


async def test_a_message_far_too_large_is_not_even_read(open_face: Any) -> None:
    async with open_face() as face, face.connect() as client:
        await client.hello()
        await client.socket.send_bytes(b"x" * (2 * 1024 * 1024))
        assert await client.receive_close() in (CloseCode.MESSAGE_TOO_BIG, 1006)
        assert len(face.control.received) == 1


async def test_too_many_messages_end_the_connection(open_face: Any) -> None:
    async with open_face(Limits(requests=Rate(0.001, 5))) as face, face.connect() as client:
        await client.hello()
        for request_id in range(2, 8):
            await client.send(request_id=request_id, ping=pb.Ping())
        answers = [await client.receive()]
        while answers[-1].WhichOneof("body") == "ack":
            answers.append(await client.receive())
        assert answers[-1].error.code == pb.ERROR_CODE_LIMIT_EXCEEDED
        assert await client.receive_close() == CloseCode.POLICY_VIOLATION
        assert len(face.control.received) <= 5


async def test_too_many_new_connections_of_an_address_are_refused(open_face: Any) -> None:
    async with open_face(Limits(connections_of_address=Rate(0.001, 2))) as face:
        for _ in range(2):
            async with face.connect() as client:
                await client.hello()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with face.connect():
                pass
        assert refused.value.status == 429


async def test_connections_in_total_are_bounded_and_a_place_becomes_free(open_face: Any) -> None:
    async with open_face(Limits(connections=1)) as face:
        async with face.connect() as client:
            await client.hello()
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with face.connect():
                    pass
            assert refused.value.status == 503
        await asyncio.wait_for(face.control.ended.get(), 10)

        async def until_welcome() -> None:
            while True:
                try:
                    async with face.connect() as second:
                        await second.hello()
                        return
                except aiohttp.WSServerHandshakeError as error:
                    assert error.status == 503

        await asyncio.wait_for(until_welcome(), 10)


async def test_guessing_invites_is_stopped_and_resuming_is_not(open_face: Any) -> None:
    def refuse(message: pb.ClientMessage) -> pb.ConnectResponse:
        error = pb.Error(code=pb.ERROR_CODE_INVITE_INVALID, message="no")
        return pb.ConnectResponse(message=pb.ServerMessage(request_id=message.request_id, error=error), close=True)

    async with open_face(Limits(invalid_invites_of_address=Rate(0.001, 3)), refuse) as face:
        for _ in range(3):
            async with face.connect() as client:
                assert (await client.hello()).error.code == pb.ERROR_CODE_INVITE_INVALID
        async with face.connect() as client:
            await client.send(request_id=7, hello=pb.Hello(invite_token="t"))
            answer = await expect_end(client, pb.ERROR_CODE_LIMIT_EXCEEDED, CloseCode.POLICY_VIOLATION)
            assert answer.request_id == 7
        assert len(face.control.received) == 3
        async with face.connect() as client:
            await client.send(request_id=1, hello=pb.Hello(resume_token=b"t".decode()))
            assert (await client.receive()).error.code == pb.ERROR_CODE_INVITE_INVALID
        assert len(face.control.received) == 4


async def test_connections_without_an_invite_are_few_and_others_are_not_disturbed(open_face: Any) -> None:
    stranger = pb.Hello(min_version=1, max_version=1, capabilities=["probe"])
    async with open_face(Limits(strangers_of_address=Rate(0.001, 2))) as face:
        for _ in range(2):
            async with face.connect() as client:
                await client.send(request_id=1, hello=stranger)
                assert (await client.receive()).HasField("welcome")
        async with face.connect() as client:
            await client.send(request_id=7, hello=stranger)
            answer = await expect_end(client, pb.ERROR_CODE_LIMIT_EXCEEDED, CloseCode.POLICY_VIOLATION)
            assert answer.request_id == 7
        assert len(face.control.received) == 2
        async with face.connect() as client:
            assert (await client.hello()).HasField("welcome")


async def test_a_slow_client_is_cut_and_others_are_not_disturbed(open_face: Any) -> None:
    limits = Limits(queue_messages=16, send_timeout_s=60)
    async with open_face(limits) as face, face.connect() as slow, face.connect() as other:
        await slow.hello()
        events = await face.control.streams.get()
        await other.hello()
        slow.socket._response.connection.transport.pause_reading()
        error = pb.Error(code=pb.ERROR_CODE_INTERNAL, message="x" * 500_000)
        large = pb.ConnectResponse(message=pb.ServerMessage(error=error))
        for _ in range(60):
            events.put_nowait(large)
        await asyncio.wait_for(face.control.ended.get(), 20)
        await other.send(request_id=2, ping=pb.Ping())
        assert (await other.receive()).request_id == 2


async def test_a_restart_of_control_asks_clients_to_come_back_and_carries_them_again(open_face: Any) -> None:
    async with open_face() as face:
        async with face.connect() as client:
            await client.hello()
            await face.control.stop()
            await expect_end(client, pb.ERROR_CODE_UNAVAILABLE, CloseCode.TRY_AGAIN_LATER)
        async with face.connect() as client:
            await client.send(request_id=1, hello=pb.Hello(invite_token="t"))
            await expect_end(client, pb.ERROR_CODE_UNAVAILABLE, CloseCode.TRY_AGAIN_LATER)
        await face.control.start()

        async def until_welcome() -> None:
            while True:
                async with face.connect() as returning:
                    if (await returning.hello()).WhichOneof("body") == "welcome":
                        return

        # What the design asks for: signalling is back within 5 s.
        await asyncio.wait_for(until_welcome(), 5)


async def test_a_gateway_that_stops_says_that_it_goes_away(open_face: Any) -> None:
    async with open_face() as face, face.connect() as client:
        await client.hello()
        stopping = asyncio.create_task(face.gateway.stop())
        assert await client.receive_close() == CloseCode.GOING_AWAY
        await stopping
