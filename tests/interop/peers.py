"""Members of a group that other implementations play, with credentials as ours: test-only."""

from __future__ import annotations

import hashlib
from typing import Protocol

import mls_rs_uniffi as mls_rs
import rfc9420
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from rfc9420.messages.data_structures import Welcome
from rfc9420.messages.key_packages import KeyPackage
from rfc9420.messages.messages import MLSPlaintext
from tests.interop.web import WebClient
from tests.unit.sframe import SUITES, FrameKey, parse_header

from conclave.v1 import identity_pb2

MEDIA_LABEL = b"SFrame 1.0 Base Key"
DATA_LABEL = b"conclave data v1"
KEY_SIZE = SUITES[5].key_size
# RFC 9420 section 6: version mls10, then which message.
PUBLIC_MESSAGE, WELCOME, KEY_PACKAGE = (b"\0\1" + bytes([0, wire_format]) for wire_format in (1, 3, 5))


class Voucher(Protocol):
    """What says who people are; see Deployment."""

    def vouch(self, participant_id: str, identity_key: bytes) -> tuple[bytes, bytes]:
        """The statement about a participant and the deployment's signature."""


class Peer:
    """What members of other implementations have in common: the same keys for media."""

    def base_key(self) -> bytes:
        """MLS exporter of this epoch, for SFrame."""
        raise NotImplementedError

    def data_key(self) -> bytes:
        """MLS exporter of this epoch, for what is shared beside media."""
        raise NotImplementedError

    def open(self, frame: bytes) -> bytes:
        """Decrypts an Opus frame that a client of ours has sent, by an SFrame implementation that is not ours."""
        kid, _, _ = parse_header(frame)
        return FrameKey(SUITES[5], self.base_key(), kid).open(frame, b"")


class MlsRsPeer(Peer):
    """An active member by mls-rs."""

    def __init__(self, deployment: Voucher, name: str, identity_key: Ed25519PrivateKey | None = None) -> None:
        identity_key = identity_key or Ed25519PrivateKey.generate()
        self.content_key = X25519PrivateKey.generate()
        keys = mls_rs.generate_signature_keypair(mls_rs.CipherSuite.CURVE25519_AES128)
        statement, signature = deployment.vouch(name, identity_key.public_key().public_bytes_raw())
        content_key = self.content_key.public_key().public_bytes_raw()
        leaf = b"conclave leaf v1\0" + hashlib.sha256(statement).digest() + keys.public_key.bytes + content_key
        credential = identity_pb2.LeafCredential(
            statement=statement,
            statement_signature=signature,
            leaf_signature=identity_key.sign(leaf),
            content_key=content_key,
        )
        identity = credential.SerializeToString(deterministic=True)
        self._client = mls_rs.Client(identity, keys, mls_rs.client_config_default())
        self._group: mls_rs.Group | None = None
        self.committer: mls_rs.SigningIdentity | None = None

    @property
    def group(self) -> mls_rs.Group:
        assert self._group is not None, "the peer has joined"
        return self._group

    @property
    def signing_identity(self) -> mls_rs.SigningIdentity:
        return self._client.signing_identity()

    def key_package(self) -> bytes:
        return self._client.generate_key_package_message().to_bytes()

    def found(self, group_id: bytes) -> None:
        self._group = self._client.create_group(group_id)

    def join(self, welcome: bytes) -> None:
        self._group = self._client.join_group(None, mls_rs.Message.from_bytes(welcome)).group

    def add(self, *key_packages: bytes) -> tuple[bytes, bytes]:
        output = self.group.add_members([mls_rs.Message.from_bytes(key_package) for key_package in key_packages])
        assert output.welcome_message is not None
        return output.commit_message.to_bytes(), output.welcome_message.to_bytes()

    def commit(self) -> bytes:
        """A commit of what was proposed; always with a path where one is needed."""
        return self.group.commit().commit_message.to_bytes()

    def remove(self, identity: mls_rs.SigningIdentity) -> bytes:
        return self.group.remove_members([identity]).commit_message.to_bytes()

    def propose_removal(self, identity: mls_rs.SigningIdentity) -> bytes:
        (message,) = self.group.propose_remove_members([identity])
        return message.to_bytes()

    def process(self, message: bytes) -> None:
        received = self.group.process_incoming_message(mls_rs.Message.from_bytes(message))
        if received.is_COMMIT():
            self.committer = received.committer

    def base_key(self) -> bytes:
        return self.group.export_secret(MEDIA_LABEL, b"", KEY_SIZE)

    def data_key(self) -> bytes:
        return self.group.export_secret(DATA_LABEL, b"", KEY_SIZE)


class PassivePeer(Peer):
    """A passive member by the Python package rfc9420, on a leaf that a client of ours has made and given away."""

    def __init__(self, maker: WebClient) -> None:
        self._key_package = maker.key_package()
        secrets = maker.ask("surrender")
        self._init_key = bytes.fromhex(secrets["initPrivateKey"])
        self._leaf_key = bytes.fromhex(secrets["hpkePrivateKey"])
        self._group: rfc9420.ProtocolMLSGroup | None = None

    def key_package(self) -> bytes:
        return self._key_package

    def join(self, welcome: bytes) -> None:
        self._group = rfc9420.ProtocolMLSGroup.from_welcome(
            Welcome.deserialize(welcome.removeprefix(WELCOME)),
            self._init_key,
            rfc9420.DefaultCryptoProvider(),
            key_package=KeyPackage.deserialize(self._key_package.removeprefix(KEY_PACKAGE)),
            encryption_private_key=self._leaf_key,
        )

    def process(self, message: bytes, sender: int, *, proposal: bool = False) -> None:
        assert self._group is not None, "the peer has joined"
        plaintext = MLSPlaintext.deserialize(message.removeprefix(PUBLIC_MESSAGE))
        if proposal:
            self._group.process_proposal(plaintext, rfc9420.Sender(sender))
        else:
            self._group.process_commit(plaintext, sender)

    def base_key(self) -> bytes:
        return self._export(MEDIA_LABEL)

    def data_key(self) -> bytes:
        return self._export(DATA_LABEL)

    def _export(self, label: bytes) -> bytes:
        """RFC 9420 section 8.5; the package's own exporter leaves out the hash of the context."""
        assert self._group is not None, "the peer has joined"
        secret = expand_with_label(self._group.get_exporter_secret(), label, b"", 32)
        return expand_with_label(secret, b"exported", hashlib.sha256(b"").digest(), KEY_SIZE)


def expand_with_label(secret: bytes, label: bytes, context: bytes, size: int) -> bytes:
    """RFC 9420 section 8; for labels and contexts below 64 bytes."""
    full = b"MLS 1.0 " + label
    info = size.to_bytes(2) + bytes([len(full)]) + full + bytes([len(context)]) + context
    return HKDFExpand(hashes.SHA256(), size, info).derive(secret)
