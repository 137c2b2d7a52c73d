"""The rules of files: sizes, parts, ranges, limits, names, and transfers that are cut."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

import pytest

from conclave.services.content.errors import ContentInvalid
from conclave.services.content.model import Draft
from conclave.services.content.rules import check_draft
from conclave.services.domain.content import ContentKind, Line, Sealed
from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.files import (
    CHAIN_START,
    PART_SIZE,
    FileLimits,
    Preview,
    SharedFile,
    next_chain,
    parse_size,
    part_count,
    part_size,
    sealed_size,
    validate_file,
)
from conclave.services.domain.protection import ProtectionMode
from conclave.services.files.errors import (
    FileInvalid,
    FileTaken,
    FileTooLarge,
    Interrupted,
    PartTooLarge,
    StorageFull,
    TooManyTransfers,
    TooManyUploads,
)
from conclave.services.files.model import Grant, RangeWish, Span, Upload
from conclave.services.files.rules import (
    Place,
    check_resume,
    check_room,
    check_size,
    check_uploads,
    place_of,
    span_of,
)
from conclave.services.files.transfers import Transfers

MIB = 1024 * 1024
UPLOAD = Upload("f" * 16, "m" * 16, "o" * 16, "ada", PART_SIZE + 5, 0, CHAIN_START, b"", "")
LIMITS = FileLimits(file_size=100, meeting_size=1000, free_space=50, uploads=2)
FILE = SharedFile("f" * 16, "plan.pdf", "application/pdf", 5, bytes(32), None)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("17", 17), ("1KiB", 1024), ("500MiB", 500 * MIB), ("2GiB", 2048 * MIB), ("1TiB", MIB * MIB)],
)
def test_a_size_is_written_in_bytes_or_with_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GiB", "2GB", "2 GiB", "-1", "1.5GiB", "1e9", "٣", "9" * 19])
def test_a_size_that_could_be_misread_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="20GiB"):
        parse_size(text)


# Tink's AES256_GCM_HKDF_1MB: a header of 40 bytes within the first segment of 1 MiB, and a tag of 16 in each.
@pytest.mark.parametrize(
    ("size", "sealed"),
    [
        (0, 56),
        (1, 57),
        (MIB - 56, MIB),
        (MIB - 55, MIB + 17),
        (2 * MIB - 72, 2 * MIB),
        (2 * MIB - 71, 2 * MIB + 17),
        (2 * 1024 * MIB, 2 * 1024 * MIB + 40 + 2049 * 16),
    ],
)
def test_an_encrypted_file_is_as_large_as_its_format_makes_it(size: int, sealed: int) -> None:
    assert sealed_size(size) == sealed


@pytest.mark.parametrize(
    ("size", "parts", "last"),
    [(56, 1, 56), (PART_SIZE, 1, PART_SIZE), (PART_SIZE + 1, 2, 1), (512 * PART_SIZE + 1, 513, 1)],
)
def test_parts_cover_the_file(size: int, parts: int, last: int) -> None:
    assert part_count(size) == parts
    assert part_size(size, parts - 1) == last
    assert sum(part_size(size, number) for number in range(parts)) == size


def test_the_chain_is_over_every_part_in_its_order() -> None:
    one, two = (hashlib.sha256(part).digest() for part in (b"one", b"two"))
    assert next_chain(CHAIN_START, one) == hashlib.sha256(bytes(32) + one).digest()
    assert next_chain(next_chain(CHAIN_START, one), two) != next_chain(next_chain(CHAIN_START, two), one)


@pytest.mark.parametrize(
    ("received", "number", "size", "expected"),
    [
        (0, 0, PART_SIZE, Place.NEXT),
        (0, 1, 5, Place.OTHER),
        (1, 1, 5, Place.NEXT),
        (1, 0, PART_SIZE, Place.REPEATED),
        (2, 1, 5, Place.REPEATED),
        (2, 0, PART_SIZE, Place.OTHER),
        (2, 2, 5, Place.OTHER),
        (0, 999_999, 5, Place.OTHER),
        (0, 0, PART_SIZE - 1, FileInvalid),
        (0, 0, PART_SIZE + 1, PartTooLarge),
        (1, 1, 6, PartTooLarge),
        (1, 1, 2**63, PartTooLarge),
        (1, 0, 0, FileInvalid),
    ],
)
def test_only_the_next_part_and_the_one_before_it_are_taken(
    received: int, number: int, size: int, expected: Place | type[Exception]
) -> None:
    upload = replace(UPLOAD, parts_received=received)
    if isinstance(expected, Place):
        assert place_of(upload, number, size) is expected
    else:
        with pytest.raises(expected):
            place_of(upload, number, size)


# RFC 9110 section 14.1.2, of a file of 10 bytes.
@pytest.mark.parametrize(
    ("wish", "offset", "length"),
    [
        (RangeWish(), 0, 10),
        (RangeWish(3), 3, 7),
        (RangeWish(3, 3), 3, 1),
        (RangeWish(3, 99), 3, 7),
        (RangeWish(9, 9), 9, 1),
        (RangeWish(10), 0, 0),
        (RangeWish(2**62, 2**63 - 1), 0, 0),
        (RangeWish(None, 4), 6, 4),
        (RangeWish(None, 99), 0, 10),
        (RangeWish(None, 0), 10, 0),
    ],
)
def test_a_range_never_leaves_the_file(wish: RangeWish, offset: int, length: int) -> None:
    assert span_of(10, wish) == Span(10, offset, length)


def test_limits_hold_to_the_byte() -> None:
    check_size(sealed_size(100), LIMITS)
    with pytest.raises(FileTooLarge, match="100 bytes"):
        check_size(sealed_size(100) + 1, LIMITS)
    with pytest.raises(FileInvalid):
        check_size(sealed_size(0) - 1, LIMITS)
    check_uploads(1, LIMITS)
    with pytest.raises(TooManyUploads):
        check_uploads(2, LIMITS)
    check_room(100, held=900, outstanding=30, free=180, limits=LIMITS)
    with pytest.raises(StorageFull, match="meeting"):
        check_room(101, held=900, outstanding=0, free=10_000, limits=LIMITS)
    with pytest.raises(StorageFull, match="disk"):
        check_room(100, held=900, outstanding=31, free=180, limits=LIMITS)


def test_what_is_outstanding_of_an_upload_ends_with_its_last_part() -> None:
    assert [replace(UPLOAD, parts_received=received).outstanding for received in range(3)] == [PART_SIZE + 5, 5, 0]


def test_only_its_author_goes_on_with_an_upload_that_nothing_names() -> None:
    check_resume(UPLOAD, "ada", UPLOAD.size)
    with pytest.raises(FileTaken):
        check_resume(UPLOAD, "mal", UPLOAD.size)
    with pytest.raises(FileInvalid):
        check_resume(UPLOAD, "ada", UPLOAD.size + 1)
    with pytest.raises(FileInvalid):
        check_resume(replace(UPLOAD, content_id="c" * 16), "ada", UPLOAD.size)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": ".."},
        {"name": "../x"},
        {"name": "a\\b"},
        {"name": "a\nb"},
        {"name": "invoice\u202efdp.exe"},
        {"name": "x" * 256},
        {"media_type": "text"},
        {"media_type": "text/html; charset=utf-8"},
        {"content_key": bytes(31)},
        {"preview": Preview(b"", "image/png", 1, 1)},
        {"preview": Preview(bytes(24 * 1024 + 1), "image/png", 1, 1)},
        {"preview": Preview(b"x", "image/svg+xml", 1, 1)},
        {"preview": Preview(b"x", "image/png", 0, 1)},
        {"preview": Preview(b"x", "image/png", 1, 1025)},
    ],
)
def test_a_file_that_would_mislead_or_break_its_readers_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        validate_file(replace(FILE, **changed))  # type: ignore[arg-type]


def test_a_files_name_is_normalised_and_emoji_and_other_scripts_stay() -> None:
    for name, kept in (("u\u0308ber.txt", "über.txt"), (" 👩‍🔧 نقشه.png ", "👩‍🔧 نقشه.png")):
        assert validate_file(replace(FILE, name=name)).name == kept
    assert "plan" not in repr(FILE)


@pytest.mark.parametrize("mode", [ProtectionMode.MANAGED, ProtectionMode.END_TO_END])
def test_an_object_names_its_upload_in_rooms_of_every_protection(mode: ProtectionMode) -> None:
    body = FILE if mode is ProtectionMode.MANAGED else Sealed(b"x")
    draft = Draft("c" * 16, ContentKind.FILE, 1, "", body, file_ids=(FILE.file_id,))
    assert check_draft(draft, mode) == draft
    line = Line("x") if mode is ProtectionMode.MANAGED else Sealed(b"x")
    for wrong in (
        replace(draft, file_ids=()),
        replace(draft, file_ids=(FILE.file_id, "b" * 16)),
        replace(draft, revision=2),
        replace(draft, kind=ContentKind.CHAT, body=line),
    ):
        with pytest.raises(ContentInvalid):
            check_draft(wrong, mode)


def test_a_file_within_an_object_is_the_one_beside_it() -> None:
    draft = Draft("c" * 16, ContentKind.FILE, 1, "", FILE, file_ids=("b" * 16,))
    with pytest.raises(ContentInvalid, match="another than beside it"):
        check_draft(draft, ProtectionMode.MANAGED)


async def test_a_later_request_takes_the_place_of_the_one_that_sends() -> None:
    transfers, grant, order = Transfers(), Grant("ada", "m" * 16, UPLOAD), []
    began = asyncio.Event()

    async def first() -> None:
        async with transfers.sending(grant):
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(first())
    await began.wait()
    async with transfers.sending(grant):
        order.append("second")
    with pytest.raises(Interrupted, match="another request"):
        await task
    assert order == ["second"]
    assert transfers._turns == {}


async def test_a_participant_who_is_gone_is_cut_and_others_go_on() -> None:
    transfers, ended = Transfers(), []

    async def read(participant_id: str, limit: int = 2) -> None:
        try:
            async with transfers.reading(Grant(participant_id, "m" * 16, UPLOAD), limit):
                await asyncio.Event().wait()
        finally:
            ended.append(participant_id)

    tasks = [asyncio.create_task(read(name)) for name in ("mal", "mal", "bo")]
    await asyncio.sleep(0)
    with pytest.raises(TooManyTransfers):
        await read("mal")
    ended.clear()
    transfers.cut_participant("mal")
    for task in tasks[:2]:
        with pytest.raises(Interrupted):
            await task
    assert ended == ["mal", "mal"]
    # One that was not cut but given up by its caller ends as usual.
    tasks[2].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[2]
