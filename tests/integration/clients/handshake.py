"""The client's side of DTLS-SRTP over pyOpenSSL, as small as it can be."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from pylibsrtp import Policy, Session

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GCM_128", "GCM_256", "PROFILES", "SHA1_80", "Certificate", "Handshake"]

SHA1_80 = "SRTP_AES128_CM_SHA1_80"
GCM_128 = "SRTP_AEAD_AES_128_GCM"
GCM_256 = "SRTP_AEAD_AES_256_GCM"
# Name: libsrtp's number, key bytes, salt bytes.
PROFILES = {
    SHA1_80: (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
    GCM_128: (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    GCM_256: (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
}


class Certificate:
    """A self-signed certificate; fingerprint: as in SDP."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
        now = dt.datetime.now(dt.UTC)
        self.certificate = (
            x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .sign(self.key, hashes.SHA256())
        )
        self.fingerprint = fingerprint_of(self.certificate)


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate as in SDP."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest().hex(":").upper()


class Handshake:
    """One handshake in either role, offering the profiles named.

    feed: gives it a datagram; take: what to send; finished: whether keys are there.
    """

    def __init__(self, certificate: Certificate, *, client: bool, profiles: list[str]) -> None:
        context = SSL.Context(SSL.DTLS_CLIENT_METHOD if client else SSL.DTLS_SERVER_METHOD)
        context.use_certificate(certificate.certificate)
        context.use_privatekey(certificate.key)
        context.set_tlsext_use_srtp(":".join(profiles).encode())
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.set_options(SSL.OP_NO_QUERY_MTU)
        self._client = client
        self._connection = SSL.Connection(context, None)
        self._connection.set_ciphertext_mtu(1200)
        if client:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()
        self.finished = False
        self.closed = False

    def feed(self, datagram: bytes) -> None:
        """Takes one datagram; raises SSL.Error when the peer says no."""
        self._connection.bio_write(datagram)
        self.step()

    def step(self) -> None:
        """Goes on as far as possible, and repeats the last flight when OpenSSL's timer says so."""
        try:
            if not self.finished:
                self._connection.DTLSv1_handle_timeout()
                self._connection.do_handshake()
                self.finished = True
            self._connection.recv(2048)
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.closed = True

    def close(self) -> None:
        """Says close_notify."""
        self._connection.shutdown()

    def take(self) -> list[bytes]:
        """Datagrams to send, one a record: DTLS does not mind."""
        try:
            written = self._connection.bio_read(65_536)
        except SSL.WantReadError:
            return []
        records = []
        while written:
            size = 13 + int.from_bytes(written[11:13], "big")
            records.append(written[:size])
            written = written[size:]
        return records

    def peer_fingerprint(self) -> str:
        """The core's, as it came over the wire."""
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        assert certificate is not None
        return fingerprint_of(certificate)

    def profile(self) -> str:
        """The profile that was agreed on."""
        return self._connection.get_selected_srtp_profile().decode()

    def sessions(self) -> tuple[Session, Session]:
        """libsrtp sessions for sending and receiving."""
        (send, send_profile), (receive, receive_profile) = self.keys()
        sender = Policy(key=send, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=send_profile)
        sender.allow_repeat_tx = True
        receiver = Policy(key=receive, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=receive_profile)
        sender.window_size = receiver.window_size = 1024
        return Session(sender), Session(receiver)

    def keys(self) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
        """(key and salt, libsrtp's profile) for sending and for receiving."""
        number, key, salt = PROFILES[self.profile()]
        block = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        cut: Callable[[int, int], bytes] = lambda start, size: block[start : start + size]  # noqa: E731
        client = cut(0, key) + cut(2 * key, salt)
        server = cut(key, key) + cut(2 * key + salt, salt)
        send, receive = (client, server) if self._client else (server, client)
        return (send, number), (receive, number)
