"""Files over HTTPS: carries parts to control and ranges from it. Holds no key, keeps nothing, decides nothing.

Who may do what is said by a token in the Authorization header, which no page of another origin can make a browser send.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from aiohttp import ClientPayloadError, hdrs, web

from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.files import CHUNK_SIZE, PART_SIZE, TOKEN_SIZE
from conclave.services.domain.identifiers import decode_random_id
from conclave.services.gateway.limits import AddressBuckets, Limits
from conclave.services.gateway.problems import Problem, problem_response
from conclave.v1 import files_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conclave.services.gateway.control_link import ControlLink

__all__ = ["Files"]

_NUMBER = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})", re.ASCII)
_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.OUT_OF_RANGE: 413,
    grpc.StatusCode.FAILED_PRECONDITION: 429,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 507,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.CANCELLED: 503,
}
_STATUS_OF_NUMBER = {code.value[0]: status for code, status in _STATUS.items()}
_AWAY_DETAIL = "A part of the appliance is restarting; try again shortly."
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


class Files:
    """The two routes of files."""

    def __init__(self, link: ControlLink, limits: Limits) -> None:
        self._link = link
        self._limits = limits
        self._requests = AddressBuckets(limits.requests_of_files, limits.tracked_addresses)
        self._refused = AddressBuckets(limits.refused_tokens_of_address, limits.tracked_addresses)
        self._transfers = 0

    async def put_part(self, request: web.Request) -> web.StreamResponse:
        """`PUT /files/{file_id}/parts/{number}`: 204 when the part is on the appliance's disk."""
        return await self._answered(request, self._put_part)

    async def read(self, request: web.Request) -> web.StreamResponse:
        """`GET /files/{file_id}`: the file, or the range of it that is asked for."""
        return await self._answered(request, self._read)

    async def _answered(
        self, request: web.Request, serve: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        address = request.remote or ""
        refused = self._refused.of(address, time.monotonic_ns())
        try:
            if not self._requests.of(address, time.monotonic_ns()).take(time.monotonic_ns()):
                raise Problem(429, "Too many requests came from this address; try again shortly.")
            if not refused.has_any(time.monotonic_ns()):
                raise Problem(429, "Too many invalid tokens came from this address; try again in a minute.")
            with self._counted():
                return await serve(request)
        except Problem as problem:
            if problem.status == 401:
                refused.take(time.monotonic_ns())
            return problem_response(problem)

    async def _put_part(self, request: web.Request) -> web.StreamResponse:
        header = pb.PartHeader(
            file_id=_file_id(request), token=_token(request), number=_number(request), size=_size(request)
        )
        call = self._link.put_part()
        writer = asyncio.create_task(self._carry_up(request, header, call))
        reader = asyncio.create_task(call.read())
        try:
            async with asyncio.timeout(self._limits.part_timeout_s):
                # Control may answer before it has all of the part, and may be gone.
                await asyncio.wait((writer, reader), return_when=asyncio.FIRST_COMPLETED)
                if not reader.done():
                    writer.result()
                answer = await reader
        except TimeoutError:
            raise Problem(408, "The part came too slowly; send it again.") from None
        except (ClientPayloadError, ConnectionError):
            # Nobody is there to be answered; control forgets what it has of the part.
            raise Problem(400, "The part was cut short; send it again.") from None
        except grpc.aio.AioRpcError:
            # All that control refuses, it tells in a message.
            answer = grpc.aio.EOF
        finally:
            for task in (writer, reader):
                task.cancel()
            call.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)
        return _told(answer)

    async def _carry_up(self, request: web.Request, header: pb.PartHeader, call: Any) -> None:
        """Sends as fast as control takes it: what waits here is one chunk and what the sockets hold."""
        try:
            await call.write(pb.PutPartRequest(header=header))
            while True:
                async with asyncio.timeout(self._limits.transfer_stall_s):
                    chunk = await request.content.readany()
                if not chunk:
                    await call.done_writing()
                    return
                for start in range(0, len(chunk), CHUNK_SIZE):
                    await call.write(pb.PutPartRequest(data=chunk[start : start + CHUNK_SIZE]))
        except (grpc.aio.AioRpcError, grpc.aio.InternalError, asyncio.InvalidStateError):
            pass  # The call has ended; who reads it knows with what.

    async def _read(self, request: web.Request) -> web.StreamResponse:
        wish = _range(request)
        asked = pb.ReadFileRequest(file_id=_file_id(request), token=_token(request))
        if wish is not None:
            first, last = wish
            if first is not None:
                asked.first_byte = first
            if last is not None:
                asked.last_byte = last
        call = self._link.read_file(asked)
        try:
            async with asyncio.timeout(self._limits.transfer_stall_s):
                head = await call.read()
            if head is grpc.aio.EOF:
                raise _problem_of(await call.code(), await call.details())
            return await self._carry_down(request, call, head.range, partial=wish is not None)
        except TimeoutError:
            raise Problem(503, "The appliance does not answer; try again shortly.") from None
        except grpc.aio.AioRpcError as error:
            raise _problem_of(error.code(), error.details()) from None
        finally:
            call.cancel()

    async def _carry_down(
        self, request: web.Request, call: Any, span: pb.FileRange, *, partial: bool
    ) -> web.StreamResponse:
        if partial and span.length == 0:
            detail = f"The file has {span.size} bytes; ask for some of those."
            raise Problem(416, detail, headers={"Content-Range": f"bytes */{span.size}"})
        headers = {
            "Cache-Control": "no-store",
            hdrs.ACCEPT_RANGES: "bytes",
            hdrs.CONTENT_TYPE: "application/octet-stream",
            hdrs.CONTENT_LENGTH: str(span.length),
            # Whatever takes the address for a page stores it instead.
            hdrs.CONTENT_DISPOSITION: "attachment",
        }
        if partial:
            headers[hdrs.CONTENT_RANGE] = f"bytes {span.offset}-{span.offset + span.length - 1}/{span.size}"
        response = web.StreamResponse(status=206 if partial else 200, headers=headers)
        await response.prepare(request)
        sent = 0
        try:
            while sent < span.length:
                async with asyncio.timeout(self._limits.transfer_stall_s):
                    message = await call.read()
                    if message is grpc.aio.EOF:
                        break
                    await response.write(message.data)
                sent += len(message.data)
        except (grpc.aio.AioRpcError, TimeoutError, ConnectionError):
            pass  # The length that was promised is not reached, which tells the client.
        if sent < span.length:
            # Closed in the middle: no end of the response that could be taken for the file's.
            if request.transport is not None:
                request.transport.abort()
            return response
        await response.write_eof()
        return response

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self._transfers >= self._limits.transfers:
            raise Problem(503, "The appliance moves as many files as it can; try again shortly.")
        self._transfers += 1
        try:
            yield
        finally:
            self._transfers -= 1


def _told(answer: Any) -> web.Response:
    """What the client is told of a part. Raises Problem."""
    if answer is grpc.aio.EOF:
        raise Problem(503, _AWAY_DETAIL)
    if answer.HasField("refusal"):
        status = _STATUS_OF_NUMBER.get(answer.refusal.status, 500)
        raise Problem(status, _capital(answer.refusal.message))
    if not answer.taken:
        detail = f"Part {answer.next_number} is the next one; go on with it."
        raise Problem(409, detail, members={"expected_part": answer.next_number})
    return web.Response(status=204, headers={"Cache-Control": "no-store"})


def _problem_of(code: grpc.StatusCode, detail: str | None) -> Problem:
    """What a call's end means, in control's own words where they are for people; its library's are not."""
    if code in _AWAY:
        sentence = _AWAY_DETAIL
    elif code not in _STATUS or not detail:
        sentence = "The appliance is at fault; try again, and tell its administrator if that does not help."
    else:
        sentence = _capital(detail)
    return Problem(_STATUS.get(code, 500), sentence)


def _capital(detail: str) -> str:
    return f"{detail[0].upper()}{detail[1:]}."


def _file_id(request: web.Request) -> str:
    file_id = request.match_info["file_id"]
    try:
        decode_random_id(file_id)
    except InvalidArgument:
        raise Problem(404, "There is no such file.") from None
    return file_id


def _number(request: web.Request) -> int:
    number = request.match_info["number"]
    if _NUMBER.fullmatch(number) is None:
        raise Problem(404, "Parts are numbered from 0.")
    return int(number)


def _token(request: web.Request) -> bytes:
    scheme, _, written = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer":
        raise Problem(401, "This needs the token that the signalling told; ask for it there.")
    try:
        token = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        token = b""
    if len(token) != TOKEN_SIZE:
        raise Problem(401, "That is no token; ask for one over the signalling.")
    return token


def _size(request: web.Request) -> int:
    size = request.content_length
    if size is None:
        raise Problem(411, "Say how long the part is in Content-Length.")
    if size > PART_SIZE:
        raise Problem(413, f"A part has at most {PART_SIZE} bytes.")
    if size == 0:
        raise Problem(400, "A part has a byte at least.")
    return size


def _range(request: web.Request) -> tuple[int | None, int | None] | None:
    """The first and the last byte, as they were asked for; None for the whole file.

    A range in another unit, several at once, or one that makes no sense is passed over (RFC 9110 section 14.2).
    """
    match = _RANGE.fullmatch(request.headers.get(hdrs.RANGE, "").replace(" ", ""))
    if match is None or not (match[1] or match[2]):
        return None
    first, last = (int(digits) if digits else None for digits in match.groups())
    limit = 2**63 - 1
    if first is not None and last is not None and last < first:
        return None
    return None if first is None else min(first, limit), None if last is None else min(last, limit)
