"""Makes what an appliance keeps: its identity, its keys, its certificates. What exists stays."""

from __future__ import annotations

import datetime
import json
import os
import secrets
import socket
import uuid
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from conclave.services.appliance.certificates import (
    authority_for,
    generate_key,
    needs_renewal,
    server_certificate_for,
    to_pem,
)
from conclave.services.appliance.layout import Layout

__all__ = ["prepare_state", "write_private"]


def prepare_state(layout: Layout, addresses: tuple[str, ...], now: datetime.datetime) -> x509.Certificate:
    """Creates what is missing below the state directory and renews what soon ends.

    addresses: what the server certificate shall cover besides the machine's own names. Returns the authority's
    certificate.
    """
    layout.state.mkdir(parents=True, exist_ok=True, mode=0o711)
    for directory in (layout.log, layout.identity_key.parent, layout.authority.parent, layout.server_key.parent):
        directory.mkdir(exist_ok=True, mode=0o700)
    for directory in (layout.run, *(path.parent for path in (layout.core_control, layout.admin_socket))):
        directory.mkdir(exist_ok=True)
    layout.signal_socket.parent.mkdir(exist_ok=True)
    _prepare_identity(layout)
    if not layout.metrics_token.exists():
        write_private(layout.metrics_token, secrets.token_urlsafe(32).encode() + b"\n")
    authority, authority_key = _prepare_authority(layout, now)
    _prepare_server_certificate(layout, addresses, authority, authority_key, now)
    return authority


def _prepare_identity(layout: Layout) -> None:
    if not layout.deployment.exists():
        write_private(layout.deployment, json.dumps({"deployment_id": str(uuid.uuid4())}).encode() + b"\n")
    if not layout.identity_key.exists():
        key = ed25519.Ed25519PrivateKey.generate()
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        write_private(layout.identity_key, key.private_bytes(encoding, form, serialization.NoEncryption()))
    if not layout.database_key.exists():
        write_private(layout.database_key, secrets.token_hex(32).encode() + b"\n")


def _prepare_authority(layout: Layout, now: datetime.datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if layout.authority.exists():
        return x509.load_pem_x509_certificate(layout.authority.read_bytes()), _read_key(layout.authority_key)
    key = generate_key()
    deployment_id = json.loads(layout.deployment.read_text())["deployment_id"]
    authority = authority_for(key, f"Conclave authority of {deployment_id[:8]}", now)
    write_private(layout.authority_key, to_pem(key))
    write_private(layout.authority, authority.public_bytes(serialization.Encoding.PEM))
    return authority, key


def _prepare_server_certificate(
    layout: Layout,
    addresses: tuple[str, ...],
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> None:
    names = tuple(dict.fromkeys([*addresses, "127.0.0.1", "::1", "localhost", socket.gethostname()]))
    if layout.server_certificate.exists():
        current = x509.load_pem_x509_certificate(layout.server_certificate.read_bytes())
        if not needs_renewal(current, names, authority, now):
            return
    key = generate_key()
    certificate = server_certificate_for(key, names, authority, authority_key, now)
    write_private(layout.server_key, to_pem(key))
    write_private(layout.server_certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey), "written by generate_key()"
    return key


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only its owner reads, whole or not at all."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    unfinished.replace(path)
