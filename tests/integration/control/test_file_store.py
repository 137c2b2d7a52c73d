"""Files in both databases and on a disk: what rows and bytes do when people go, time passes, and no room is left."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from conclave.services.audit.log import AuditLog
from conclave.services.content.attendance import Attendance
from conclave.services.content.model import Draft
from conclave.services.content.store import SqlContentStore
from conclave.services.content.vault import ContentVault
from conclave.services.domain.content import ContentKind
from conclave.services.domain.files import FileLimits, SharedFile, sealed_size
from conclave.services.domain.identifiers import encode_random_id
from conclave.services.domain.roles import Role
from conclave.services.files.attachments import Attachments
from conclave.services.files.errors import (
    FileGone,
    FileInvalid,
    StorageFull,
    TokenInvalid,
    TokenOfAnother,
)
from conclave.services.files.model import Begun, RangeWish, Ticket
from conclave.services.files.models import FileRow
from conclave.services.files.objects import LocalObjects, ObjectFault
from conclave.services.files.service import FileService
from conclave.services.files.store import SqlFileStore
from conclave.services.meetings.model import Meeting, Participant
from conclave.services.meetings.register import Register
from conclave.services.meetings.store import SqlMeetingStore
from conclave.services.rooms.models import RoomRow
from conclave.services.state.keys import DatabaseKeys
from conclave.services.state.store import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
SIZE = sealed_size(200_000)
BODY = bytes(range(256)) * (SIZE // 256) + bytes(SIZE % 256)
MEBIBYTE = 1024 * 1024


class House:
    """One meeting in a database, with its files."""

    def __init__(self, store: Store, directory: Path, limits: FileLimits) -> None:
        audit = AuditLog("d1", lambda: self.now)
        attendance, attachments = Attendance("d1", audit), Attachments("d1")
        self.now, self.store, self.directory = NOW, store, directory
        self.meetings = SqlMeetingStore(store, audit, [attendance, attachments])
        vault = ContentVault(DatabaseKeys(bytes(32)), "d1")
        self.content = SqlContentStore(store, audit, vault, attendance, attachments)
        self.meeting, self.register = Meeting("m" * 16, "board", NOW), Register()
        self.objects, rows = LocalObjects(directory), SqlFileStore(store, attendance)
        self.files = FileService(self.register, rows, self.objects, limits, lambda: self.now, lambda: 0)
        self._people = 0

    async def enter(self, name: str, subject: str = "") -> Participant:
        self._people += 1
        own = encode_random_id(bytes([1] * 9 + [self._people]))
        token = bytes([self._people]) * 32
        subject = subject or f"guest:{own}"
        who = Participant(own, self.meeting.id, subject, name, Role.PARTICIPANT, NOW, token, "i" * 16)
        await self.meetings.join(self.meeting, who, self._people == 1)
        self.register.add_participant(self.meeting, who)
        return who

    async def leave(self, who: Participant, ends: bool = False) -> None:
        await self.meetings.leave(self.meeting, [who], NOW, ends, False, "participant:x")
        del self.meeting.participants[who.id]
        self.files.participant_left(self.meeting, who, None)
        await self.files.sweep()

    async def put(self, begun: Begun, number: int = 0, body: bytes = BODY) -> bool:
        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 65536):
                yield body[start : start + 65536]

        taken = await self.files.put_part(begun.upload.file_id, begun.token, number, len(body), chunks())
        return taken.taken

    async def share(self, who: Participant, file_id: str, object_id: str, recipient: str = "") -> None:
        body = SharedFile(file_id, "x", "", 5, bytes(32), None)
        draft = Draft(object_id, ContentKind.FILE, 1, recipient, body, file_ids=(file_id,))
        await self.content.put(self.meeting, who, draft, NOW)

    async def read(self, file_id: str, ticket: Ticket) -> bytes:
        pieces = [piece async for piece in self.files.read(file_id, ticket.token, RangeWish())]
        return b"".join(piece for piece in pieces if isinstance(piece, bytes))

    @property
    def kept(self) -> list[str]:
        return sorted(str(path.relative_to(self.directory)) for path in self.directory.glob("*/*"))


async def prepare(engine: Engine) -> Store:
    store = Store(engine, "d1")
    await store.prepare(NOW)

    def add_room(session: Session) -> None:
        row = RoomRow(tenant_id="d1", id="board", display_name="x", protection_mode=3, max_participants=9)
        row.create_time = NOW
        session.add(row)

    await store.run(add_room)
    return store


@pytest.fixture
async def house(engine: Engine, tmp_path: Path) -> AsyncIterator[House]:
    store = await prepare(engine)
    limits = FileLimits(MEBIBYTE, 2 * SIZE, 0, 2)
    yield House(store, tmp_path / "files", limits)
    await store.close()


def name(number: int) -> str:
    return encode_random_id(bytes([9] * 9 + [number]))


async def test_tokens_last_an_hour_and_uploads_an_hour_after_their_last_part(house: House) -> None:
    ada = await house.enter("Ada")
    begun = await house.files.begin(ada, name(1), SIZE)
    house.now = NOW + timedelta(minutes=59)
    assert await house.put(begun)
    house.now = NOW + timedelta(minutes=60)
    with pytest.raises(TokenInvalid):
        await house.put(begun)
    await house.files.sweep()
    assert (await house.files.begin(ada, name(1), SIZE)).upload.complete
    house.now += timedelta(minutes=60)
    await house.files.sweep()
    assert house.kept == []
    assert not (await house.files.begin(ada, name(1), SIZE)).upload.complete


async def test_a_member_who_is_there_twice_keeps_an_upload_until_the_last_presence_ends(house: House) -> None:
    one, two = await house.enter("Ada", "member:ada"), await house.enter("Ada", "member:ada")
    await house.put(await house.files.begin(one, name(1), SIZE))
    await house.leave(one)
    assert (await house.files.begin(two, name(1), SIZE)).upload.complete
    await house.enter("Bo")
    await house.leave(two)
    assert house.kept == []


async def test_the_meetings_room_counts_what_was_promised_and_comes_back_with_deletion(house: House) -> None:
    ada, bo = await house.enter("Ada"), await house.enter("Bo")
    await house.put(await house.files.begin(ada, name(1), SIZE))
    await house.share(ada, name(1), name(11))
    await house.files.begin(bo, name(2), SIZE)
    with pytest.raises(StorageFull):
        await house.files.begin(bo, name(3), sealed_size(0))
    await house.content.delete(house.meeting, ada, name(11), NOW)
    await house.files.begin(bo, name(3), SIZE)
    await house.files.sweep()
    assert house.kept == []


async def test_a_token_dies_with_the_file_and_is_never_kept_as_it_is(house: House) -> None:
    ada = await house.enter("Ada")
    begun = await house.files.begin(ada, name(1), SIZE)
    await house.put(begun)
    with pytest.raises(TokenOfAnother):
        await house.read(name(1), Ticket(SIZE, begun.token))
    with pytest.raises(FileGone):
        await house.files.open(ada, name(1))
    await house.share(ada, name(1), name(11))
    with pytest.raises(FileInvalid):
        await house.files.cancel(ada, name(1))
    ticket = await house.files.open(ada, name(1))
    assert await house.read(name(1), ticket) == BODY
    await house.content.delete(house.meeting, ada, name(11), NOW)
    with pytest.raises(TokenInvalid):
        await house.read(name(1), ticket)
    await house.leave(ada, ends=True)
    assert house.kept == []


async def test_bytes_without_a_row_and_half_written_ones_are_gone_after_the_start(house: House) -> None:
    ada = await house.enter("Ada")
    begun = await house.files.begin(ada, name(1), SIZE)
    assert await house.put(begun)
    (whole,) = house.kept
    orphan = house.directory / ("o" * 16)
    orphan.mkdir()
    (orphan / "00000").write_bytes(b"x")
    (orphan / "00001#1").write_bytes(b"x")
    (house.directory / (whole + "#1")).write_bytes(b"x")
    await house.files.restore()
    assert house.kept == [whole]


async def test_a_row_that_goes_while_its_part_comes_leaves_nothing(house: House) -> None:
    ada = await house.enter("Ada")
    begun = await house.files.begin(ada, name(1), SIZE)

    async def chunks() -> AsyncIterator[bytes]:
        yield BODY[:100_000]
        await house.store.run(lambda session: session.execute(delete(FileRow)))
        yield BODY[100_000:]

    with pytest.raises(FileGone):
        await house.files.put_part(name(1), begun.token, 0, SIZE, chunks())
    assert house.files.sweep_due.is_set()
    await house.files.sweep()
    assert house.kept == []


@pytest.mark.parametrize("cut", [0, 1, 65536, SIZE - 1])
async def test_a_part_that_is_cut_short_is_as_if_it_never_came(house: House, cut: int) -> None:
    ada = await house.enter("Ada")
    begun = await house.files.begin(ada, name(1), SIZE)

    async def chunks() -> AsyncIterator[bytes]:
        yield BODY[:cut]

    with pytest.raises(FileInvalid):
        await house.files.put_part(name(1), begun.token, 0, SIZE, chunks())
    assert house.kept == []
    assert await house.put(begun)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts a disk")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


async def test_a_full_disk_refuses_and_loses_nothing(engine: Engine, small_disk: Path) -> None:
    store = await prepare(engine)
    size = sealed_size(MEBIBYTE)
    body = (BODY * 6)[:size]
    house = House(store, small_disk / "files", FileLimits(8 * MEBIBYTE, 100 * MEBIBYTE, MEBIBYTE, 9))
    ada = await house.enter("Ada")
    first = await house.files.begin(ada, name(1), size)
    second = await house.files.begin(ada, name(2), size)
    assert await house.put(first, 0, body)
    # Promised bytes count: the disk has five more, and two of these are spoken for.
    with pytest.raises(StorageFull, match="disk"):
        await house.files.begin(ada, name(3), sealed_size(5 * MEBIBYTE))
    # Somebody else fills it.
    filler = small_disk / "other"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - MEBIBYTE - 100_000))
    kept = house.kept
    with pytest.raises(StorageFull, match="try again"):
        await house.put(second, 0, body)
    assert house.kept == kept
    # Full in the middle of a part, behind the probe's back.
    with filler.open("ab") as more:
        more.write(bytes(shutil.disk_usage(small_disk).free - 200_000))

    async def chunks() -> AsyncIterator[bytes]:
        yield body[:65536]
        for start in range(65536, size, 65536):
            yield body[start : start + 65536]

    with pytest.raises(ObjectFault):
        await house.objects.write(second.upload.object_id, 0, chunks())
    assert house.kept == kept
    # Room again: the upload goes on where it was, and the other one is whole.
    filler.unlink()
    assert await house.put(second, 0, body)
    for number in (1, 2):
        await house.share(ada, name(number), name(10 + number))
        assert await house.read(name(number), await house.files.open(ada, name(number))) == body
    await store.close()
