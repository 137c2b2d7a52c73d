"""The rules of files: sending them in parts, reading them, and that no byte stays that belongs to nobody."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Protocol

from conclave.services.content.model import Deletion, Stored
from conclave.services.domain.errors import Unavailable
from conclave.services.domain.files import CHAIN_START, CHUNK_SIZE, TOKEN_SIZE, FileLimits
from conclave.services.domain.identifiers import RANDOM_ID_SIZE, encode_random_id
from conclave.services.domain.rates import Rate, TokenBucket
from conclave.services.files.errors import FileGone, FileInvalid, StorageFull, TokenInvalid, TooManyTransfers
from conclave.services.files.model import Begun, Direction, Grant, PartTaken, RangeWish, Span, Ticket, Upload
from conclave.services.files.objects import ObjectFault
from conclave.services.files.rules import Place, check_size, place_of, span_of
from conclave.services.files.transfers import Transfers
from conclave.services.meetings.errors import MeetingOver
from conclave.services.meetings.model import EndReason, Meeting, Participant
from conclave.services.meetings.register import Register, carried_out
from conclave.services.state.clock import Clock

__all__ = ["FileService", "FileStore", "ObjectStore"]

UNNAMED_LIFE = timedelta(hours=1)
"""Of what was sent and no object names, from its last part on."""
REQUESTS = Rate(5, 30)
"""Requests for tokens of one participant."""

_log = logging.getLogger(__name__)


class FileStore(Protocol):
    """Where files are noted down; see SqlFileStore."""

    async def begin(
        self,
        meeting: Meeting,
        sender: Participant,
        wanted: Upload,
        token: bytes,
        free: int,
        limits: FileLimits,
        time: datetime,
    ) -> Upload: ...
    async def cancel(self, meeting: Meeting, sender: Participant, file_id: str) -> None: ...
    async def open(
        self, meeting: Meeting, reader: Participant, file_id: str, token: bytes, time: datetime
    ) -> Upload: ...
    async def authorise(self, token: bytes, file_id: str, direction: Direction, time: datetime) -> Grant: ...
    async def save_part(self, upload: Upload, digest: bytes, time: datetime) -> None: ...
    async def expire(self, time: datetime, life: timedelta) -> None: ...
    async def object_ids(self) -> frozenset[str]: ...


class ObjectStore(Protocol):
    """Where bytes are kept; see LocalObjects."""

    def free(self) -> int: ...
    async def write(self, name: str, number: int, chunks: AsyncIterator[bytes]) -> None: ...
    def read(self, name: str, offset: int, length: int) -> AsyncIterator[bytes]: ...
    async def names(self) -> frozenset[str]: ...
    async def delete(self, name: str) -> None: ...
    async def trim(self) -> None: ...


class FileService:
    """The files of every meeting that goes on. Observes the meetings and the content.

    The rows are the truth: an object is made after its row and deleted after it, a part counts once it is on the disk
    and then in its row, and what the rows do not name is swept up.
    """

    def __init__(
        self,
        register: Register,
        store: FileStore,
        objects: ObjectStore,
        limits: FileLimits,
        clock: Clock,
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._register = register
        self._store = store
        self._objects = objects
        self._limits = limits
        self._clock = clock
        self._monotonic_ns = monotonic_ns
        self._transfers = Transfers()
        self._rates: dict[str, TokenBucket] = {}
        self.sweep_due = asyncio.Event()

    @carried_out
    async def begin(self, sender: Participant, file_id: str, size: int) -> Begun:
        """Begins an upload of `size` encrypted bytes or goes on with one.

        Raises what `check_size` and the store do, TooManyTransfers and MeetingOver.
        """
        meeting = self._meeting_of(sender)
        self._require_rate(sender)
        check_size(size, self._limits)
        object_id = encode_random_id(secrets.token_bytes(RANDOM_ID_SIZE))
        wanted = Upload(file_id, meeting.id, object_id, "", size, 0, CHAIN_START, b"", "")
        token, free = secrets.token_bytes(TOKEN_SIZE), self._objects.free()
        upload = await self._store.begin(meeting, sender, wanted, token, free, self._limits, self._clock())
        # Tokens of before are dead; what still goes on by one must not change what the sender is told here.
        self._transfers.cut_sending(upload.object_id)
        async with self._transfers.alone(meeting.id, file_id):
            grant = await self._store.authorise(token, file_id, Direction.UP, self._clock())
        return Begun(grant.upload, token)

    @carried_out
    async def cancel(self, sender: Participant, file_id: str) -> None:
        """Gives an upload up. Raises what the store does."""
        await self._store.cancel(self._meeting_of(sender), sender, file_id)
        self.sweep_due.set()

    @carried_out
    async def open(self, reader: Participant, file_id: str) -> Ticket:
        """Lets somebody read a file. Raises what the store does, TooManyTransfers and MeetingOver."""
        meeting = self._meeting_of(reader)
        self._require_rate(reader)
        token = secrets.token_bytes(TOKEN_SIZE)
        upload = await self._store.open(meeting, reader, file_id, token, self._clock())
        return Ticket(upload.size, token)

    async def put_part(
        self, file_id: str, token: bytes, number: int, size: int, chunks: AsyncIterator[bytes]
    ) -> PartTaken:
        """Takes one part of `size` bytes; it goes to the disk as it comes, so that little of it is in memory at a time.

        Raises TokenInvalid, TokenOfAnother, PartTooLarge, FileInvalid, FileGone, StorageFull, Interrupted and
        Unavailable.
        """
        grant = await self._authorise(token, file_id, Direction.UP)
        async with self._transfers.sending(grant):
            # Read again: another request may have taken a part since.
            grant = await self._authorise(token, file_id, Direction.UP)
            upload = grant.upload
            place = place_of(upload, number, size)
            if place is Place.OTHER:
                return PartTaken(False, upload.parts_received)
            part = _Metered(chunks, size)
            if place is Place.REPEATED:
                await part.drain()
                return PartTaken(part.digest == upload.last_digest, upload.parts_received)
            if self._objects.free() - size < self._limits.free_space:
                raise StorageFull("the appliance's disk is full; what was sent stays for an hour, try again later")
            await self._write(upload, number, part)
            try:
                await self._store.save_part(upload, part.digest, self._clock())
            except FileGone:
                self.sweep_due.set()
                raise
        return PartTaken(True, number + 1)

    async def read(self, file_id: str, token: bytes, wish: RangeWish) -> AsyncIterator[Span | bytes]:
        """First which bytes follow, then those. Raises TokenInvalid, TokenOfAnother, TooManyTransfers and Unavailable.

        The task that reads is cancelled when the participant is in the meeting no more.
        """
        grant = await self._authorise(token, file_id, Direction.DOWN)
        async with self._transfers.reading(grant, self._limits.downloads):
            self._require_present(grant)
            span = span_of(grant.upload.size, wish)
            yield span
            try:
                async for chunk in self._objects.read(grant.upload.object_id, span.offset, span.length):
                    yield chunk
            except ObjectFault as fault:
                # Deleted meanwhile, most likely; asked again, the caller is told.
                raise Unavailable("the file cannot be read any further; try again") from fault

    async def sweep(self) -> None:
        """Forgets what nothing came of, and deletes bytes that belong to no file."""
        await self._store.expire(self._clock(), UNNAMED_LIFE)
        # In this order: each object found had its row before it, so one that has none now has lost it.
        found = await self._objects.names()
        for name in found - await self._store.object_ids():
            self._transfers.cut_sending(name)
            try:
                await self._objects.delete(name)
            except ObjectFault as fault:
                _log.warning("an object could not be deleted; tried again with the next sweep", exc_info=fault)

    async def restore(self) -> None:
        """Clears up after the process before this one."""
        await self._objects.trim()
        await self.sweep()

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Who comes has no files yet."""

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        """What somebody sends and reads ends with their participation."""
        self._rates.pop(participant.id, None)
        self._transfers.cut_participant(participant.id)
        self.sweep_due.set()

    def content_added(self, stored: Stored) -> None:
        """An object was shared, changed or taken back, and its files with it."""
        if stored.record.deletion is not Deletion.NONE:
            self.sweep_due.set()

    def content_delivered(self, authors: object, content_id: str) -> None:
        """Nothing of files changes with it."""

    async def _write(self, upload: Upload, number: int, part: _Metered) -> None:
        try:
            await self._objects.write(upload.object_id, number, part.chunks())
        except ObjectFault as fault:
            # The row is as before, so nothing is lost: the same part is asked for again.
            if self._objects.free() < self._limits.free_space:
                full = "the appliance's disk is full; what was sent stays for an hour, try again later"
                raise StorageFull(full) from fault
            _log.warning("a part could not be written", exc_info=fault)
            raise Unavailable("the part could not be written; send it again shortly") from fault

    async def _authorise(self, token: bytes, file_id: str, direction: Direction) -> Grant:
        grant = await self._store.authorise(token, file_id, direction, self._clock())
        self._require_present(grant)
        return grant

    def _require_present(self, grant: Grant) -> None:
        meeting = self._register.meetings.get(grant.meeting_id)
        participant = None if meeting is None else meeting.participants.get(grant.participant_id)
        if participant is None or participant.leaving:
            raise TokenInvalid("the meeting is over for you")

    def _meeting_of(self, participant: Participant) -> Meeting:
        meeting = self._register.meeting_of(participant)
        if meeting is None or participant.leaving:
            raise MeetingOver("the meeting is over for you")
        return meeting

    def _require_rate(self, participant: Participant) -> None:
        now_ns = self._monotonic_ns()
        bucket = self._rates.setdefault(participant.id, TokenBucket(REQUESTS, now_ns))
        if not bucket.take(now_ns):
            raise TooManyTransfers(f"too many requests; at most {REQUESTS.per_second:g} a second")


class _Metered:
    """A part on its way: counted, hashed, and refused unless it has the bytes that were told."""

    def __init__(self, chunks: AsyncIterator[bytes], size: int) -> None:
        self._chunks = chunks
        self._size = size
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> bytes:
        """SHA-256 of what has come."""
        return self._hash.digest()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The part's bytes. Raises FileInvalid."""
        count = 0
        async for chunk in self._chunks:
            count += len(chunk)
            if count > self._size or len(chunk) > CHUNK_SIZE:
                raise FileInvalid("the part has more bytes than it was said to have; send it again")
            self._hash.update(chunk)
            yield chunk
        if count < self._size:
            raise FileInvalid("the part was cut short; send it again")

    async def drain(self) -> None:
        """Reads it without keeping it. Raises FileInvalid."""
        async for _ in self.chunks():
            pass
