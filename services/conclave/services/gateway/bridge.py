"""Joins one client's WebSocket to one stream of control: decodes, limits, carries; decides nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from aiohttp import WSMsgType, web
from google.protobuf.message import DecodeError

from conclave.services.domain.rates import TokenBucket
from conclave.services.gateway.limits import Limits
from conclave.services.gateway.outgoing import CloseCode, End, Outgoing, OutgoingFull
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Bridge", "HelloBuckets"]

_FAREWELL_TIMEOUT_S = 2.0
# Control's own failures and restarts look like these; everything else is a fault that a retry does not mend.
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HelloBuckets:
    """The buckets of one address that pay for its Hellos."""

    # For each invite that control finds invalid.
    invalid_invites: TokenBucket
    # For each Hello without a credential.
    strangers: TokenBucket


class Bridge:
    """Carries one connection from its upgrade to its close. `buckets` are those of the client's address."""

    def __init__(self, socket: web.WebSocketResponse, stream: Any, limits: Limits, buckets: HelloBuckets) -> None:
        self._socket = socket
        self._stream = stream
        self._limits = limits
        self._buckets = buckets
        self._requests = TokenBucket(limits.requests, time.monotonic_ns())
        self._outgoing = Outgoing(limits.queue_messages, limits.queue_size)
        self._hello_id = 0
        self._ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    async def run(self) -> End:
        """Carries until one side ends, then closes both. Returns why."""
        tasks = [
            asyncio.create_task(self._until_end(carry()))
            for carry in (self._carry_up, self._carry_down, self._send_outgoing)
        ]
        try:
            end = await self._ended
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._stream.cancel()
        await self._say_farewell(end)
        return end

    def end(self, end: End) -> None:
        """Ends the connection from outside."""
        if not self._ended.done():
            self._ended.set_result(end)

    async def _until_end(self, carrying: Any) -> None:
        try:
            await carrying
        except End as end:
            self.end(end)
        except Exception as error:
            # The outermost place of one connection: a fault in one direction must not leave the other one waiting.
            _log.error("carrying a connection failed", exc_info=error)
            self.end(
                End(CloseCode.INTERNAL_ERROR, pb.ERROR_CODE_INTERNAL, "the appliance is at fault; reload the page")
            )

    async def _carry_up(self) -> None:
        timeout_s = self._limits.hello_timeout_s
        while True:
            message = await self._receive(timeout_s)
            if self._hello_id == 0:
                self._check_hello(message)
            timeout_s = self._limits.idle_timeout_s
            try:
                await self._stream.write(pb.ConnectRequest(message=message))
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                # The stream has ended; the task that reads it knows why and ends the connection.
                return

    async def _receive(self, timeout_s: float) -> pb.ClientMessage:
        try:
            frame = await self._socket.receive(timeout_s)
        except TimeoutError:
            if self._hello_id == 0:
                text = f"no hello within {timeout_s:g} s; connect again"
                raise End(CloseCode.POLICY_VIOLATION, pb.ERROR_CODE_INVALID_REQUEST, text) from None
            text = f"nothing heard for {timeout_s:g} s; send a ping at least every 20 s"
            raise End(CloseCode.IDLE, pb.ERROR_CODE_LIMIT_EXCEEDED, text) from None
        if frame.type is WSMsgType.TEXT:
            text = "signalling is binary; send protobuf messages of conclave.v1"
            raise End(CloseCode.UNSUPPORTED_DATA, pb.ERROR_CODE_INVALID_REQUEST, text)
        if frame.type is WSMsgType.ERROR and isinstance(frame.data, TimeoutError):
            raise End(CloseCode.GONE)
        if frame.type is not WSMsgType.BINARY:
            raise End(CloseCode.NORMAL)
        if len(frame.data) > self._limits.message_size:
            text = f"a message has at most {self._limits.message_size} bytes"
            raise End(CloseCode.MESSAGE_TOO_BIG, pb.ERROR_CODE_LIMIT_EXCEEDED, text)
        if not self._requests.take(time.monotonic_ns()):
            text = f"too many messages; send at most {self._limits.requests.per_second:g} a second"
            raise End(CloseCode.POLICY_VIOLATION, pb.ERROR_CODE_LIMIT_EXCEEDED, text)
        try:
            return pb.ClientMessage.FromString(frame.data)
        except DecodeError:
            text = "the message cannot be decoded; reload the page"
            raise End(CloseCode.POLICY_VIOLATION, pb.ERROR_CODE_INVALID_REQUEST, text) from None

    def _check_hello(self, message: pb.ClientMessage) -> None:
        request_id = message.request_id
        if message.WhichOneof("body") != "hello" or request_id == 0:
            text = "the first message is a hello with a request id above 0"
            raise End(CloseCode.POLICY_VIOLATION, pb.ERROR_CODE_INVALID_REQUEST, text, request_id)
        credential, now_ns = message.hello.WhichOneof("credential"), time.monotonic_ns()
        # Who resumes a session has been let in before; guessing concerns invites.
        if credential in ("invite_token", "dial_code") and not self._buckets.invalid_invites.has_any(now_ns):
            text = "too many invalid invites came from this address; try again in a minute"
            raise End(CloseCode.POLICY_VIOLATION, pb.ERROR_CODE_LIMIT_EXCEEDED, text, request_id)
        if credential is None and not self._buckets.strangers.take(now_ns):
            text = "too many connections without an invite came from this address; try again in a minute"
            raise End(CloseCode.POLICY_VIOLATION, pb.ERROR_CODE_LIMIT_EXCEEDED, text, request_id)
        self._hello_id = request_id

    async def _carry_down(self) -> None:
        try:
            async for response in self._stream:
                message = response.message
                if message.error.code == pb.ERROR_CODE_INVITE_INVALID and message.request_id == self._hello_id:
                    self._buckets.invalid_invites.take(time.monotonic_ns())
                if message.WhichOneof("body") is not None:
                    self._outgoing.put(message.SerializeToString())
                if response.close:
                    self._outgoing.put_end(End(CloseCode.NORMAL))
                    return
            away = True
        except OutgoingFull:
            raise End(CloseCode.TOO_SLOW) from None
        except grpc.aio.AioRpcError as error:
            away = error.code() in _AWAY
        if away:
            text = "a part of the appliance is restarting; try again shortly"
            self._outgoing.put_end(End(CloseCode.TRY_AGAIN_LATER, pb.ERROR_CODE_UNAVAILABLE, text))
        else:
            text = "the appliance is at fault; try again, and tell its administrator if that does not help"
            self._outgoing.put_end(End(CloseCode.INTERNAL_ERROR, pb.ERROR_CODE_INTERNAL, text))

    async def _send_outgoing(self) -> None:
        while True:
            frame = await self._outgoing.get()
            try:
                async with asyncio.timeout(self._limits.send_timeout_s):
                    await self._socket.send_bytes(frame)
            except TimeoutError:
                raise End(CloseCode.TOO_SLOW) from None
            except ConnectionError:
                raise End(CloseCode.NORMAL) from None

    async def _say_farewell(self, end: End) -> None:
        frame = end.frame()
        try:
            async with asyncio.timeout(_FAREWELL_TIMEOUT_S):
                if frame is not None and not self._socket.closed:
                    await self._socket.send_bytes(frame)
                # Not drained: a slow client would hold it up, and the close waits for the client's own anyway.
                await self._socket.close(code=end.close_code, message=end.close_code.name.encode(), drain=False)
        except (ConnectionError, TimeoutError):
            pass  # Gone, or too slow to hear why; the transport is aborted by the caller.
