"""DTLS-SRTP (RFC 5763, RFC 5764) over OpenSSL's memory BIOs: one endpoint a transport (L4).

Sans-IO: datagrams in, datagrams out, `now_ns` is an argument. One exception: OpenSSL measures its retransmission timers
(RFC 6347 section 4.2.4) on its own clock, so `now_ns` must come from a clock that runs as fast as the real one.

OpenSSL negotiates DTLS 1.2 here. There is no HelloVerifyRequest: a datagram reaches an endpoint only from an address
that has passed an ICE check, which proves more than a cookie does.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import hashlib
import hmac
import secrets
import weakref
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

__all__ = [
    "DATAGRAM_MAX",
    "DtlsEndpoint",
    "DtlsIdentity",
    "DtlsState",
    "SrtpKeys",
    "format_fingerprint",
    "read_fingerprint",
]

DATAGRAM_MAX: Final = 1200  # bytes of one outgoing datagram: fits every path that WebRTC uses
RECEIVED_MAX: Final = 2048  # bytes of one incoming datagram; a larger one is dropped
HANDSHAKE_BYTES_MAX: Final = 65_536  # bytes taken before the handshake is done; a client's needs about 3 000
HANDSHAKE_TIME_NS: Final = 30_000_000_000

_RECORD_HEADER: Final = 13
_EXPORTER_LABEL: Final = b"EXTRACTOR-dtls_srtp"  # RFC 5764 section 4.2
_CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20"
# As DTLS server the core chooses: GCM first.
_SERVER_PROFILES: Final = b"SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
# As client the peer chooses by its own order. Only devices insist on being server, and FFmpeg knows nothing but AES-CM.
_CLIENT_PROFILES: Final = _SERVER_PROFILES
# Name in OpenSSL: (value of RFC 5764 section 4.1.2 or RFC 7714 section 14.2, key bytes, salt bytes).
_PROFILES: Final = {
    b"SRTP_AES128_CM_SHA1_80": (1, 16, 14),
    b"SRTP_AEAD_AES_128_GCM": (7, 16, 12),
    b"SRTP_AEAD_AES_256_GCM": (8, 32, 12),
}


class DtlsState(enum.Enum):
    """How far an endpoint is; FAILED and CLOSED are final."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    FAILED = "failed"
    CLOSED = "closed"  # the peer said close_notify


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """SRTP master keys and salts of both directions; profile: a value of SrtpProfile."""

    profile: int
    send_key: bytes = field(repr=False)
    send_salt: bytes = field(repr=False)
    receive_key: bytes = field(repr=False)
    receive_salt: bytes = field(repr=False)


def format_fingerprint(digest: bytes) -> str:
    """A SHA-256 digest as in SDP (RFC 8122 section 5): upper-case hexadecimal pairs with colons."""
    return ":".join(f"{byte:02X}" for byte in digest)


def read_fingerprint(text: str) -> bytes:
    """The 32 bytes of a SHA-256 fingerprint as SDP writes it, in either case. Raises ValueError."""
    pairs = text.split(":")
    if len(pairs) != 32 or any(len(pair) != 2 for pair in pairs):
        raise ValueError("a SHA-256 fingerprint is 32 hexadecimal pairs with colons")
    return bytes.fromhex("".join(pairs))


class DtlsIdentity:
    """A self-signed P-256 certificate, made here and never stored, and the OpenSSL contexts that use it.

    fingerprint: SHA-256 of the certificate as in SDP.
    """

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        # RFC 8827 section 6.5: the name says nothing about who runs it.
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "conclave")])
        start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(secrets.randbits(159) | 1)
            .not_valid_before(start)
            .not_valid_after(start + dt.timedelta(days=3650))
            .sign(key, hashes.SHA256())
        )
        self.fingerprint = format_fingerprint(hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest())
        self._server = _context(SSL.DTLS_SERVER_METHOD, certificate, key, _SERVER_PROFILES)
        self._client = _context(SSL.DTLS_CLIENT_METHOD, certificate, key, _CLIENT_PROFILES)

    def connection(self, *, client: bool) -> SSL.Connection:
        """A fresh connection on memory BIOs in the given role."""
        connection = SSL.Connection(self._client if client else self._server, None)
        if client:
            connection.set_connect_state()
        else:
            connection.set_accept_state()
        connection.set_ciphertext_mtu(DATAGRAM_MAX)
        return connection


def _context(
    method: int, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, profiles: bytes
) -> SSL.Context:
    context = SSL.Context(method)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_cipher_list(_CIPHERS)
    context.set_tlsext_use_srtp(profiles)
    context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _check_certificate)
    return context


def _check_certificate(connection: SSL.Connection, certificate: crypto.X509, _error: int, depth: int, _ok: int) -> bool:
    # The chain proves nothing in WebRTC: the fingerprint that came through signalling does (RFC 8827 section 6.5).
    endpoint: DtlsEndpoint | None = connection.get_app_data()()
    return depth != 0 or (endpoint is not None and endpoint.accepts(certificate.to_cryptography()))


class DtlsEndpoint:
    """One side of one DTLS association.

    Feed `receive`, send what `poll_transmit` gives, call `handle_timeout` when `next_timeout` has come. A client begins
    with `start`. `keys()` answers only in state CONNECTED, after the peer's certificate matched `remote_fingerprint`
    (32 bytes). Hostile bytes never raise; they are dropped, or end the handshake in FAILED with a word in `reason`:
    "fingerprint", "handshake", "profile", "bytes" or "timeout".
    """

    def __init__(self, identity: DtlsIdentity, *, client: bool, remote_fingerprint: bytes, now_ns: int) -> None:
        self.state = DtlsState.NEW
        self.reason = ""
        self.dropped = 0  # datagrams too large, or data that nobody expects
        self._client = client
        self._remote_fingerprint = remote_fingerprint
        self._wrong_certificate = False
        self._received = 0
        self._give_up_ns = now_ns + HANDSHAKE_TIME_NS
        self._timer_ns: int | None = None
        self._keys: SrtpKeys | None = None
        self._connection = identity.connection(client=client)
        # Weakly: whoever lets an endpoint go frees its secrets at once, not when Python next looks for cycles.
        self._connection.set_app_data(weakref.ref(self))

    def accepts(self, certificate: x509.Certificate) -> bool:
        """Tells in constant time whether a certificate is the announced one."""
        digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
        matches = hmac.compare_digest(digest, self._remote_fingerprint)
        self._wrong_certificate = self._wrong_certificate or not matches
        return matches

    def start(self, now_ns: int) -> None:
        """Makes a client write its ClientHello; no effect on a server or a second time."""
        if self._client and self.state is DtlsState.NEW:
            self._step(now_ns)

    def receive(self, datagram: bytes, now_ns: int) -> None:
        """Takes one datagram as it came from the wire."""
        if self.state in (DtlsState.FAILED, DtlsState.CLOSED):
            return
        if len(datagram) < _RECORD_HEADER or len(datagram) > RECEIVED_MAX:
            self.dropped += 1
            return
        if self.state is not DtlsState.CONNECTED:
            self._received += len(datagram)
            if self._received > HANDSHAKE_BYTES_MAX:
                self._fail("bytes")
                return
        self._connection.bio_write(datagram)
        self._step(now_ns)

    def handle_timeout(self, now_ns: int) -> None:
        """Retransmits the last flight, or gives up, when the time has come."""
        if self.state not in (DtlsState.NEW, DtlsState.CONNECTING):
            return
        if now_ns >= self._give_up_ns:
            self._fail("timeout")
            return
        if self._timer_ns is not None and now_ns >= self._timer_ns:
            try:
                self._connection.DTLSv1_handle_timeout()
            except SSL.Error:
                self._fail("timeout")  # OpenSSL gives up after a dozen retransmissions
                return
            self._set_timer(now_ns)

    def next_timeout(self) -> int | None:
        """When `handle_timeout` wants to be called, in nanoseconds of the caller's clock."""
        if self.state not in (DtlsState.NEW, DtlsState.CONNECTING):
            return None
        return self._give_up_ns if self._timer_ns is None else min(self._timer_ns, self._give_up_ns)

    def poll_transmit(self) -> list[bytes]:
        """Takes the datagrams to send, each of whole records and at most DATAGRAM_MAX bytes."""
        written = bytearray()
        while True:
            try:
                written += self._connection.bio_read(65_536)
            except SSL.Error:  # nothing more to read
                return _split(bytes(written))

    def keys(self) -> SrtpKeys | None:
        """The SRTP keys once CONNECTED, None before and after."""
        return self._keys

    def close(self) -> None:
        """Says close_notify to the peer; `poll_transmit` has it."""
        if self.state is DtlsState.CONNECTED:
            with contextlib.suppress(SSL.Error):  # the peer is gone: there is nobody to tell
                self._connection.shutdown()
        self.state = DtlsState.CLOSED
        self._keys = None

    def _step(self, now_ns: int) -> None:
        if self.state is not DtlsState.CONNECTED:
            self.state = DtlsState.CONNECTING
            try:
                self._connection.do_handshake()
            except SSL.WantReadError:
                self._set_timer(now_ns)
                return
            except SSL.Error:
                self._fail("fingerprint" if self._wrong_certificate else "handshake")
                return
            if not self._finish():
                return
        self._read()

    def _finish(self) -> bool:
        """Takes the keys of a finished handshake; false when it must not be used."""
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        # Checked again here, so that no path through OpenSSL's verification can skip it.
        if certificate is None or not self.accepts(certificate):
            self._fail("fingerprint")
            return False
        profile = _PROFILES.get(self._connection.get_selected_srtp_profile())
        if profile is None:
            self._fail("profile")
            return False
        self._keys = self._export(*profile)
        self._timer_ns = None
        self.state = DtlsState.CONNECTED
        return True

    def _export(self, profile: int, key_size: int, salt_size: int) -> SrtpKeys:
        # RFC 5764 section 4.2: client key, server key, client salt, server salt.
        block = self._connection.export_keying_material(_EXPORTER_LABEL, 2 * (key_size + salt_size))
        client_key, server_key = block[:key_size], block[key_size : 2 * key_size]
        client_salt, server_salt = block[2 * key_size : 2 * key_size + salt_size], block[2 * key_size + salt_size :]
        if self._client:
            return SrtpKeys(profile, client_key, client_salt, server_key, server_salt)
        return SrtpKeys(profile, server_key, server_salt, client_key, client_salt)

    def _read(self) -> None:
        """Lets OpenSSL see what came after the handshake: repeated flights, alerts, data that nobody wants."""
        while True:
            try:
                self._connection.recv(RECEIVED_MAX)
                self.dropped += 1
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                self.close()
                return
            except SSL.Error:
                self._fail("handshake")
                return

    def _set_timer(self, now_ns: int) -> None:
        seconds = self._connection.DTLSv1_get_timeout()
        self._timer_ns = None if seconds is None else now_ns + round(seconds * 1_000_000_000)

    def _fail(self, reason: str) -> None:
        self.state = DtlsState.FAILED
        self.reason = reason
        self._keys = None


def _split(written: bytes) -> list[bytes]:
    """Cuts a run of records into datagrams: memory BIOs forget where OpenSSL ended one."""
    datagrams: list[bytes] = []
    start = end = 0
    while end < len(written):
        following = end + _RECORD_HEADER + int.from_bytes(written[end + 11 : end + 13], "big")
        if following - start > DATAGRAM_MAX and end > start:
            datagrams.append(written[start:end])
            start = end
        end = following
    if end > start:
        datagrams.append(written[start:end])
    return datagrams
