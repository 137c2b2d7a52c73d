"""The way to control's administrative API: a gRPC channel over the Unix socket."""

from __future__ import annotations

from typing import cast

import grpc

from conclave.services.appliance.errors import NotRunning
from conclave.services.appliance.layout import Layout

__all__ = ["connect", "describe", "status_of"]


def connect(layout: Layout) -> grpc.Channel:
    """A channel to control. Raises NotRunning when it is not there, or may not be used."""
    try:
        exists = layout.admin_socket.exists()
    except PermissionError:
        raise NotRunning(
            f"{layout.admin_socket.parent} is closed to you: use sudo, or join the group conclave-admin"
        ) from None
    if not exists:
        raise NotRunning(
            f"the appliance is not running on {layout.state}: start it with ./appliance/up, "
            "or name its state directory with --state"
        )
    return grpc.insecure_channel(f"unix:{layout.admin_socket}")


def status_of(error: grpc.RpcError) -> grpc.StatusCode:
    """The status of a call that failed: what a stub raises is an RpcError and a Call at once."""
    return cast("grpc.Call", error).code()


def describe(error: grpc.RpcError, layout: Layout) -> str:
    """What a failed call means, for people: the appliance's own words, and what to do when it is away."""
    code, details = status_of(error), cast("grpc.Call", error).details() or ""
    if code is grpc.StatusCode.UNAVAILABLE and not details.startswith("failed to connect"):
        return details
    if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
        return (
            f"conclave-control does not answer on {layout.admin_socket}: see {layout.log}/conclave-control.log, "
            "or start the appliance with ./appliance/up"
        )
    if code is grpc.StatusCode.INTERNAL:
        return f"the appliance is at fault ({details or 'no details'}): see {layout.log}/conclave-control.log"
    return details or code.name
