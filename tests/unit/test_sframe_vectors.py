"""The second SFrame implementation against RFC 9605 appendix C; bytes and sources in tests/vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sframe import SUITES, FrameKey, encode_header, parse_header

VECTORS = Path(__file__).parents[1] / "vectors" / "sframe-wg_sframe"
RFC: dict[str, list[dict[str, Any]]] = json.loads((VECTORS / "test-vectors.json").read_text())
DRAFT: dict[str, list[dict[str, Any]]] = json.loads((VECTORS / "test-vectors-aes256.json").read_text())
WHOLE = RFC["sframe"] + DRAFT["sframe_aes_256_ctr_hmac"]


def test_headers_match_rfc9605() -> None:
    assert len(RFC["header"]) == 289
    for vector in RFC["header"]:
        encoded = bytes.fromhex(vector["encoded"])
        assert encode_header(vector["kid"], vector["ctr"]) == encoded
        assert parse_header(encoded) == (vector["kid"], vector["ctr"], len(encoded))


@pytest.mark.parametrize("vector", WHOLE, ids=lambda vector: f"suite{vector['cipher_suite']}")
def test_frames_match_rfc9605(vector: dict[str, Any]) -> None:
    key = FrameKey(SUITES[vector["cipher_suite"]], bytes.fromhex(vector["base_key"]), vector["kid"])
    assert key.key.hex() == vector["sframe_key"]
    assert key.salt.hex() == vector["sframe_salt"]
    assert key.nonce(vector["ctr"]).hex() == vector["nonce"]
    metadata, plaintext = bytes.fromhex(vector["metadata"]), bytes.fromhex(vector["pt"])
    assert key.seal(vector["ctr"], metadata, plaintext).hex() == vector["ct"]
    assert key.open(bytes.fromhex(vector["ct"]), metadata) == plaintext
