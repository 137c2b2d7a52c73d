"""Files as the Python client seals and opens them, against Tink's own."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from conclave.client.errors import FileDamaged
from conclave.client.sealing import Layout, Opener, Sealer
from conclave.client.transfers import _parts

FILES = Path(__file__).resolve().parents[1] / "vectors" / "tink_streaming" / "aes256-gcm-hkdf.json"
VECTORS: list[dict[str, Any]] = json.loads(FILES.read_text())


def plaintext_of(vector: dict[str, Any]) -> bytes:
    """As SOURCE.txt says."""
    size = vector["plainSize"]
    if vector["segmentSize"] == 4096:
        blocks = (hashlib.sha256(f"plain {number}".encode()).digest() for number in itertools.count())
        return b"".join(itertools.islice(blocks, size // 32 + 1))[:size]
    return (bytes(range(256)) * (size // 256 + 1))[:size]


def sealer_of(vector: dict[str, Any]) -> Sealer:
    key, salt, prefix = (bytes.fromhex(vector[name]) for name in ("contentKey", "salt", "noncePrefix"))
    return Sealer(key, vector["fileId"], layout_of(vector), salt, prefix)


def layout_of(vector: dict[str, Any]) -> Layout:
    return Layout(vector["plainSize"], vector["segmentSize"])


def opener_of(vector: dict[str, Any]) -> Opener:
    return Opener(bytes.fromhex(vector["contentKey"]), vector["fileId"], layout_of(vector))


# tests/vectors/tink_streaming/SOURCE.txt: made and opened by Tink.
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['segmentSize']}-{vector['plainSize']}")
def test_files_are_sealed_as_tink_seals_them(vector: dict[str, Any]) -> None:
    sealed = b"".join(sealer_of(vector).seal(io.BytesIO(plaintext_of(vector))))
    assert len(sealed) == vector["sealedSize"] == layout_of(vector).sealed_size
    assert hashlib.sha256(sealed).hexdigest() == vector["sealedSha256"]
    opener = opener_of(vector)
    pieces = [sealed[start : start + 100_003] for start in range(0, len(sealed), 100_003)]
    assert b"".join(opener.open(piece) for piece in pieces) == plaintext_of(vector)
    assert opener.finished


SMALL = next(vector for vector in VECTORS if vector["segmentSize"] == 4096 and vector["plainSize"] > 8192)


def sealed_small() -> bytes:
    return b"".join(sealer_of(SMALL).seal(io.BytesIO(plaintext_of(SMALL))))


@pytest.mark.parametrize("place", [0, 1, 20, 35, 39, 40, 100, 4095, 4096, 5000, -1])
def test_a_file_that_was_touched_is_not_opened(place: int) -> None:
    touched = bytearray(sealed_small())
    touched[place] ^= 1
    with pytest.raises(FileDamaged):
        opener_of(SMALL).open(bytes(touched))


def test_a_file_that_was_cut_lengthened_or_put_together_anew_is_not_whole() -> None:
    sealed = sealed_small()
    for end in (0, 1, 40, 4096, 8192, len(sealed) - 1):
        cut = opener_of(SMALL)
        cut.open(sealed[:end])
        assert not cut.finished
    with pytest.raises(FileDamaged):
        opener_of(SMALL).open(sealed + b"x")
    swapped = sealed[:4096] + sealed[8192:12288] + sealed[4096:8192] + sealed[12288:]
    with pytest.raises(FileDamaged):
        opener_of(SMALL).open(swapped)
    with pytest.raises(FileDamaged):
        Opener(bytes.fromhex(SMALL["contentKey"]), "another222233333", layout_of(SMALL)).open(sealed)


def test_a_file_that_becomes_shorter_is_not_sent() -> None:
    with pytest.raises(FileDamaged, match="shorter"):
        list(sealer_of(SMALL).seal(io.BytesIO(plaintext_of(SMALL)[:-1])))


def test_each_file_has_a_salt_and_nonces_of_its_own() -> None:
    layout = Layout(5)
    first, second = (b"".join(Sealer(bytes(32), "a" * 16, layout).seal(io.BytesIO(b"hello"))) for _ in range(2))
    assert first[1:40] != second[1:40]
    assert first[40:] != second[40:]


@pytest.mark.parametrize(("size", "expected"), [(0, []), (9, [9]), (10, [10]), (11, [10, 1]), (35, [10, 10, 10, 5])])
def test_parts_have_one_size_but_the_last(size: int, expected: list[int]) -> None:
    data = bytes(range(size))
    pieces = iter([data[:3], data[3:3], data[3:]])
    parts = list(_parts(pieces, 10))
    assert [len(part) for part in parts] == expected
    assert b"".join(parts) == data
