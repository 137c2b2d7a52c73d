"""SRTP against the RFCs' packets and libsrtp's reference packets; bytes and sources in tests/vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conclave.core.crypto_backends import backends
from conclave.core.crypto_kdf import aes_cm_key_stream, derive_session_key
from conclave.core.srtp_context import SrtpProfile
from conclave.core.srtp_session import Session

VECTORS = Path(__file__).parents[1] / "vectors"
PRIMITIVE_BACKENDS = [name for name in backends() if name != "libsrtp"]
RFC7714: list[dict[str, Any]] = json.loads((VECTORS / "rfc7714_srtp" / "rfc7714.json").read_text())
RFC3711: dict[str, dict[str, Any]] = json.loads((VECTORS / "rfc3711_srtp" / "rfc3711.json").read_text())
LIBSRTP: dict[str, dict[str, str]] = json.loads((VECTORS / "srtp_libsrtp" / "libsrtp-validate.json").read_text())
GCM_PROFILES = {
    "AEAD_AES_128_GCM": SrtpProfile.SRTP_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": SrtpProfile.SRTP_AEAD_AES_256_GCM,
}


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


def rfc7714_session(vector: dict[str, Any], backend: str) -> Session:
    key, salt = unhex(vector["session_key"]), unhex(vector["session_salt"])
    return Session.from_session_keys(GCM_PROFILES[vector["profile"]], key, salt, backend)


@pytest.mark.parametrize("backend", PRIMITIVE_BACKENDS)
@pytest.mark.parametrize("vector", RFC7714, ids=lambda vector: vector["profile"])
def test_srtp_matches_rfc7714(vector: dict[str, Any], backend: str) -> None:
    """RFC 7714 sections 16.1.1 and 16.2.1."""
    assert rfc7714_session(vector, backend).protect(unhex(vector["rtp"])) == unhex(vector["srtp"])
    assert rfc7714_session(vector, backend).unprotect(unhex(vector["srtp"])) == unhex(vector["rtp"])


@pytest.mark.parametrize("backend", PRIMITIVE_BACKENDS)
@pytest.mark.parametrize("vector", RFC7714, ids=lambda vector: vector["profile"])
def test_srtcp_matches_rfc7714(vector: dict[str, Any], backend: str) -> None:
    """RFC 7714 sections 17.1 and 17.2."""
    sender = rfc7714_session(vector, backend)
    sender.next_srtcp_index = vector["srtcp_index"]
    assert sender.protect_rtcp(unhex(vector["rtcp"])) == unhex(vector["srtcp_encrypted"])
    assert rfc7714_session(vector, backend).unprotect_rtcp(unhex(vector["srtcp_encrypted"])) == unhex(vector["rtcp"])


def test_key_stream_matches_rfc3711() -> None:
    """RFC 3711 appendix B.2."""
    vector = RFC3711["B.2_aes_cm"]
    blocks: dict[str, str] = vector["keystream_blocks"]
    size = (max(int(number, 16) for number in blocks) + 1) * 16
    stream = aes_cm_key_stream(
        unhex(vector["session_key"]), unhex(vector["session_salt"]), vector["ssrc"], vector["index"], size
    )
    assert {number: stream[int(number, 16) * 16 :][:16].hex() for number in blocks} == blocks


def test_key_derivation_matches_rfc3711() -> None:
    """RFC 3711 appendix B.3."""
    vector = RFC3711["B.3_kdf"]
    master = unhex(vector["master_key"]), unhex(vector["master_salt"])
    assert derive_session_key(*master, 0, 16).hex() == vector["cipher_key"]
    assert derive_session_key(*master, 1, 94).hex() == vector["auth_key_94"]
    assert derive_session_key(*master, 2, 14).hex() == vector["cipher_salt"]


def libsrtp_sessions(case: str, backend: str) -> tuple[Session, Session]:
    """Sender and receiver with the master key of libsrtp's case."""
    if case == "srtp_validate":
        profile, master = SrtpProfile.SRTP_AES128_CM_HMAC_SHA1_80, unhex(LIBSRTP["global_keys"]["test_key"])[:30]
    else:
        profile, master = SrtpProfile.SRTP_AEAD_AES_128_GCM, unhex(LIBSRTP["global_keys"]["test_key_gcm"])
    return Session(profile, master[:16], master[16:], backend), Session(profile, master[:16], master[16:], backend)


@pytest.mark.parametrize("backend", backends())
@pytest.mark.parametrize("case", ["srtp_validate", "srtp_validate_gcm"])
def test_srtp_matches_libsrtp(case: str, backend: str) -> None:
    vector = LIBSRTP[case]
    plain = unhex(vector.get("srtp_plaintext_ref") or vector["rtp_plaintext_ref"])
    sender, receiver = libsrtp_sessions(case, backend)
    assert sender.protect(plain) == unhex(vector["srtp_ciphertext"])
    assert receiver.unprotect(unhex(vector["srtp_ciphertext"])) == plain


@pytest.mark.parametrize("backend", backends())
@pytest.mark.parametrize("case", ["srtp_validate", "srtp_validate_gcm"])
def test_srtcp_matches_libsrtp(case: str, backend: str) -> None:
    vector = LIBSRTP[case]
    plain = unhex(vector["rtcp_plaintext_ref"])
    sender, receiver = libsrtp_sessions(case, backend)
    # libsrtp's first packet has index 1, ours 0, as RFC 3711 section 3.4 has it.
    if backend != "libsrtp":
        sender.next_srtcp_index = 1
    assert sender.protect_rtcp(plain) == unhex(vector["srtcp_ciphertext"])
    assert receiver.unprotect_rtcp(unhex(vector["srtcp_ciphertext"])) == plain


@pytest.mark.parametrize("backend", PRIMITIVE_BACKENDS)
def test_first_srtcp_index_is_zero(backend: str) -> None:
    """RFC 3711 section 3.2.1: the SRTCP index starts at zero and counts by one."""
    sender = Session(SrtpProfile.SRTP_AEAD_AES_128_GCM, bytes(16), bytes(12), backend)
    plain = unhex(RFC7714[0]["rtcp"])
    assert [sender.protect_rtcp(plain)[-4:].hex() for _ in range(3)] == ["80000000", "80000001", "80000002"]
