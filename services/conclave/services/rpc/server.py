"""Servers: services with their permissions, health and reflection, on a Unix socket or on TCP with mutual TLS."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from conclave.services.domain.callers import Permission
from conclave.services.rpc.authentication import Authenticator
from conclave.services.rpc.guard import CallGuard
from conclave.services.rpc.measuring import UNMEASURED, CallObserver

__all__ = ["MAX_MESSAGE_SIZE", "RpcServer", "RpcService", "TlsFiles", "permissions_of"]

MAX_MESSAGE_SIZE = 1024 * 1024
SOCKET_MODE = 0o660

_STANDARD = {
    "/grpc.health.v1.Health/Check": Permission.CHECK_HEALTH,
    "/grpc.health.v1.Health/List": Permission.CHECK_HEALTH,
    "/grpc.health.v1.Health/Watch": Permission.CHECK_HEALTH,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": Permission.READ_API,
}


@dataclass(frozen=True, slots=True)
class RpcService:
    """One gRPC service: its full name, how to add it to a server, and what each of its methods needs."""

    name: str
    add_to: Callable[[Any], None]
    permissions: Mapping[str, Permission]


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files of a server with mutual TLS; `client_ca` signs the clients that may connect at all."""

    certificate: Path
    key: Path
    client_ca: Path


def permissions_of(services: Iterable[RpcService]) -> dict[str, Permission]:
    """What each method needs, by its path "/service/Method"; every server has health and reflection."""
    own = {f"/{service.name}/{method}": need for service in services for method, need in service.permissions.items()}
    return {**_STANDARD, **own}


class RpcServer:
    """One gRPC server. Add an address, then start it."""

    def __init__(
        self, services: Sequence[RpcService], authenticate: Authenticator, observer: CallObserver = UNMEASURED
    ) -> None:
        permissions = permissions_of(services)
        self._server = grpc.aio.server(
            interceptors=[CallGuard(authenticate, permissions, observer=observer)],
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
                ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
                ("grpc.so_reuseport", 0),
            ],
        )
        for service in services:
            service.add_to(self._server)
        self._names = [service.name for service in services]
        self._health = health_aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        standard = [health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME]
        reflection.enable_server_reflection([*self._names, *standard], self._server)

    def listen_unix(self, path: Path) -> None:
        """Listens on a socket file for its owner and group; one left by a process that was killed is replaced."""
        previous = os.umask(0o777 & ~SOCKET_MODE)
        try:
            self._server.add_insecure_port(f"unix:{path}")
        finally:
            os.umask(previous)

    def listen_tls(self, address: str, files: TlsFiles) -> int:
        """Listens on "host:port" (port 0: a free one) for clients with a certificate. Returns the port."""
        credentials = grpc.ssl_server_credentials(
            [(files.key.read_bytes(), files.certificate.read_bytes())],
            root_certificates=files.client_ca.read_bytes(),
            require_client_auth=True,
        )
        return int(self._server.add_secure_port(address, credentials))

    async def start(self) -> None:
        """Serves, and says so through the health service."""
        await self._server.start()
        for name in ["", *self._names]:
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def stop(self, grace_s: float) -> None:
        """Turns new calls away and gives running ones `grace_s` seconds to end."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_s)
