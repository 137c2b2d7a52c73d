"""Who calls, by how the call came in."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from cryptography.x509 import SubjectAlternativeName, UniformResourceIdentifier, load_pem_x509_certificate
from cryptography.x509.extensions import ExtensionNotFound

from conclave.services.domain.callers import Caller, CallerRole

__all__ = [
    "ROLE_URI",
    "Authenticator",
    "certificate_caller",
    "current_caller",
    "gateway_caller",
    "local_administrator",
    "set_caller",
]

ROLE_URI = "urn:conclave:role:"
"""A client certificate says its role in a URI of its subject alternative names: this, then administrator or viewer."""

_CERTIFICATE_ROLES = {ROLE_URI + role.value: role for role in (CallerRole.ADMINISTRATOR, CallerRole.VIEWER)}

Authenticator = Callable[[Any], Caller]
"""Tells a call's caller from its gRPC context."""

_caller: ContextVar[Caller] = ContextVar("caller")


def current_caller() -> Caller:
    """Who makes the call that is being served."""
    return _caller.get()


def set_caller(caller: Caller) -> None:
    """Says who makes the call that this task serves."""
    _caller.set(caller)


def local_administrator(context: Any) -> Caller:
    """The caller on the administrators' socket: whom the file system lets open it is an administrator."""
    return Caller(CallerRole.ADMINISTRATOR, "administrator:local")


def gateway_caller(context: Any) -> Caller:
    """The caller on the signalling socket, which only the gateway opens."""
    return Caller(CallerRole.GATEWAY, "gateway:local")


def certificate_caller(context: Any) -> Caller:
    """The caller by its client certificate, whose chain TLS has verified. One that names no role is nobody."""
    pem = next(iter(context.auth_context().get("x509_pem_cert", ())), None)
    if pem is None:
        return Caller(CallerRole.NOBODY, "nobody")
    certificate = load_pem_x509_certificate(pem)
    identity = f"certificate:{certificate.serial_number:x}"
    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except ExtensionNotFound:
        return Caller(CallerRole.NOBODY, identity)
    roles = {_CERTIFICATE_ROLES.get(uri) for uri in names.get_values_for_type(UniformResourceIdentifier)}
    # Two roles in one certificate contradict each other: the lesser one counts.
    for role in (CallerRole.VIEWER, CallerRole.ADMINISTRATOR):
        if role in roles:
            return Caller(role, f"{role.value}:{identity}")
    return Caller(CallerRole.NOBODY, identity)
