"""The bytes of files over HTTPS, beside the signalling."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import itertools
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import aiohttp

from conclave.client.asking import Ask
from conclave.client.backoff import wait_before
from conclave.client.errors import FileRefused, Unreachable
from conclave.client.trust import Trust
from conclave.v1 import files_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Transfers"]

# After these, the same bytes may be taken another time.
PASSING = {401, 408, 429, 500, 502, 503, 504}
TRIES = 8
# Nothing moves for so long.
STALL_SECONDS = 30.0


class Transfers:
    """Sends and reads what is encrypted already. origin: the gateway's."""

    def __init__(self, ask: Ask, origin: str, trust: Trust) -> None:
        self._ask, self._origin, self._trust = ask, origin, trust

    async def send(self, file_id: str, size: int, sealed: Iterator[bytes]) -> None:
        """Sends a file of so many bytes. Raises FileRefused, Refused and Unreachable."""
        begun = await self._begin(file_id, size)
        chain, parts = bytes(32), _parts(sealed, begun.part_size)
        if begun.chain != chain or begun.parts_received:
            raise FileRefused("the appliance has something else under this file's id")
        async with self._client() as client:
            for number in itertools.count():
                # Reading, sealing and hashing take their time, which is not to hold up the meeting.
                part = await asyncio.to_thread(next, parts, None)
                if part is None:
                    return
                before, chain = chain, await asyncio.to_thread(_next_chain, chain, part)
                begun = await self._send_part(client, file_id, size, number, part, begun, before, chain)

    async def read(self, file_id: str, size: int) -> AsyncIterator[bytes]:
        """The bytes of a file; goes on where it was when a connection is lost. Raises FileRefused and Unreachable."""
        offset = tries = 0
        async with self._client() as client:
            while offset < size:
                await asyncio.sleep(wait_before(tries, random.random()))  # noqa: S311 - no secret
                asked = pb.ClientMessage(open_file=files_pb2.OpenFile(file_id=file_id))
                ticket = (await self._ask(asked)).file_ticket
                if ticket.size != size:
                    raise FileRefused("the appliance has another file than its author sent")
                headers = {**_bearer(ticket.token), "Range": f"bytes={offset}-"}
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with client.get(f"{self._origin}/files/{file_id}", headers=headers) as response:
                        if response.status == 206:
                            async for chunk in response.content.iter_chunked(1 << 18):
                                offset, tries = offset + len(chunk), 0
                                yield chunk
                        elif response.status not in PASSING:
                            raise FileRefused(await _problem(response))
                tries += 1
                if tries > TRIES:
                    raise Unreachable("the file could not be read: nothing comes")

    async def _begin(self, file_id: str, size: int) -> files_pb2.UploadBegun:
        request = files_pb2.BeginUpload(file_id=file_id, size=size)
        return (await self._ask(pb.ClientMessage(begin_upload=request))).upload_begun

    async def _send_part(
        self,
        client: aiohttp.ClientSession,
        file_id: str,
        size: int,
        number: int,
        part: bytes,
        begun: files_pb2.UploadBegun,
        before: bytes,
        after: bytes,
    ) -> files_pb2.UploadBegun:
        """Sends one part, and again until it is taken; returns what the upload goes on with.

        before, after: the chain over the parts before this one, and with it.
        """
        for attempt in range(TRIES):
            with suppress(aiohttp.ClientError, TimeoutError):
                url = f"{self._origin}/files/{file_id}/parts/{number}"
                async with client.put(url, data=io.BytesIO(part), headers=_bearer(begun.token)) as response:
                    if response.status == 204:
                        return begun
                    if response.status not in PASSING | {409}:
                        raise FileRefused(await _problem(response))
            await asyncio.sleep(wait_before(attempt + 1, random.random()))  # noqa: S311 - no secret
            # The token may have ended, and the part may have been taken though its answer was lost.
            begun = await self._begin(file_id, size)
            if (begun.parts_received, begun.chain) == (number + 1, after):
                return begun
            if (begun.parts_received, begun.chain) != (number, before):
                raise FileRefused("the appliance has not kept what it took of the file; send it anew")
        raise Unreachable(f"part {number} of the file could not be sent")

    def _client(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self._trust)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=STALL_SECONDS, sock_read=STALL_SECONDS)
        return aiohttp.ClientSession(connector=connector, timeout=timeout)


def _parts(sealed: Iterator[bytes], part_size: int) -> Iterator[bytes]:
    """The same bytes in parts of one size; the last has the rest."""
    waiting = bytearray()
    for piece in sealed:
        waiting += piece
        while len(waiting) >= part_size:
            yield bytes(waiting[:part_size])
            del waiting[:part_size]
    if waiting:
        yield bytes(waiting)


def _next_chain(chain: bytes, part: bytes) -> bytes:
    """The chain over one more part, as the appliance keeps it too."""
    return hashlib.sha256(chain + hashlib.sha256(part).digest()).digest()


def _bearer(token: bytes) -> dict[str, str]:
    return {"Authorization": f"Bearer {base64.urlsafe_b64encode(token).decode().rstrip('=')}"}


async def _problem(response: aiohttp.ClientResponse) -> str:
    """What the appliance says is wrong (RFC 9457)."""
    try:
        told = await response.json(content_type="application/problem+json")
    except (aiohttp.ClientError, ValueError):
        told = {}
    return str(told.get("detail") or told.get("title") or f"the appliance refuses the file (HTTP {response.status})")
