"""Who may call what, over TCP with mutual TLS and on the sockets; and how calls fail."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography import x509
from google.protobuf import empty_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from conclave.services.domain.callers import Permission
from conclave.services.meetings.grpc import meeting_rpc_service
from conclave.services.metrics.grpc import metrics_rpc_service
from conclave.services.rooms.grpc import room_rpc_service
from conclave.services.rpc.authentication import (
    Authenticator,
    certificate_caller,
    current_caller,
    gateway_caller,
    local_administrator,
)
from conclave.services.rpc.guard import CallGuard
from conclave.services.rpc.measuring import UNMEASURED, CallObserver
from conclave.services.rpc.server import RpcServer, RpcService, TlsFiles
from conclave.services.statistics.grpc import statistics_rpc_service
from conclave.services.system.grpc import system_rpc_service
from conclave.v1 import meetings_pb2, metrics_pb2, rooms_pb2, statistics_pb2, system_pb2
from conclave.v1 import rooms_pb2_grpc as rooms_grpc

ADMINISTRATOR = x509.UniformResourceIdentifier("urn:conclave:role:administrator")
VIEWER = x509.UniformResourceIdentifier("urn:conclave:role:viewer")
READING = {
    "GetRoom",
    "ListRooms",
    "ListInvites",
    "GetStatus",
    "GetMeeting",
    "ListMeetings",
    "WatchMeeting",
    "ListWaitingParticipants",
    "GetMetrics",
    "GetMeetingStats",
    "WatchMeetingStats",
}


class Answers:
    """Use cases that answer nothing useful: these tests end before or at them."""

    def __getattr__(self, name: str) -> Any:
        async def answer(*arguments: Any) -> Any:
            raise AssertionError("reached the use case")

        return answer


def services() -> list[RpcService]:
    answers: Any = Answers()
    meetings = meeting_rpc_service(answers, answers, answers)
    own = [metrics_rpc_service(answers), statistics_rpc_service(answers)]
    return [room_rpc_service(answers, answers), system_rpc_service(answers), meetings, *own]


def methods() -> list[tuple[str, Any]]:
    """Each method of each service, with the type of its request."""
    return [
        (f"/conclave.v1.{service}/{method.name}", getattr(module, method.input_type.name))
        for module, service in (
            (rooms_pb2, "RoomService"),
            (system_pb2, "SystemService"),
            (meetings_pb2, "MeetingService"),
            (metrics_pb2, "MetricsService"),
            (statistics_pb2, "StatisticsService"),
        )
        for method in module.DESCRIPTOR.services_by_name[service].methods
    ]


@asynccontextmanager
async def serve_tls(authority: Any, offered: Sequence[RpcService]) -> AsyncIterator[str]:
    server = RpcServer(offered, certificate_caller)
    with tempfile.TemporaryDirectory() as directory:
        files = TlsFiles(Path(directory) / "cert", Path(directory) / "key", Path(directory) / "ca")
        identity = authority.issue(x509.DNSName("localhost"))
        files.certificate.write_bytes(identity.certificate)
        files.key.write_bytes(identity.key)
        files.client_ca.write_bytes(authority.certificate)
        port = server.listen_tls("127.0.0.1:0", files)
    await server.start()
    yield f"localhost:{port}"
    await server.stop(0)


@asynccontextmanager
async def serve_unix(
    authenticate: Authenticator, offered: Sequence[RpcService], observer: CallObserver = UNMEASURED
) -> AsyncIterator[grpc.aio.Channel]:
    server = RpcServer(offered, authenticate, observer)
    with tempfile.TemporaryDirectory(prefix="cr-") as directory:
        server.listen_unix(Path(directory) / "s.sock")
        await server.start()
        async with grpc.aio.insecure_channel(f"unix:{directory}/s.sock") as channel:
            yield channel
        await server.stop(0)


def open_channel(address: str, authority: Any, *names: x509.GeneralName) -> grpc.aio.Channel:
    identity = authority.issue(*names)
    credentials = grpc.ssl_channel_credentials(authority.certificate, identity.key, identity.certificate)
    return grpc.aio.secure_channel(address, credentials)


async def status_of(channel: grpc.aio.Channel, method: str, request: Any = None) -> grpc.StatusCode:
    call: Any = channel.unary_unary(method, request_serializer=lambda message: message.SerializeToString())
    try:
        await call(request or empty_pb2.Empty(), timeout=10)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_every_method_names_what_it_needs() -> None:
    offered = {f"/{service.name}/{method}" for service in services() for method in service.permissions}
    assert offered == {method for method, _ in methods()}
    assert len(offered) == 29


@pytest.mark.parametrize(
    "names",
    [
        [],
        [x509.DNSName("administrator")],
        [x509.DNSName("urn:conclave:role:administrator")],
        [x509.UniformResourceIdentifier("urn:conclave:role:gateway")],
        [x509.UniformResourceIdentifier("urn:conclave:role:administrator2")],
    ],
)
async def test_a_certificate_that_names_no_role_may_do_nothing(authority: Any, names: list[x509.GeneralName]) -> None:
    async with serve_tls(authority, services()) as address, open_channel(address, authority, *names) as channel:
        for method, request in methods():
            assert await status_of(channel, method, request()) is grpc.StatusCode.PERMISSION_DENIED, method
        reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            async for _ in reflection.ServerReflectionInfo(
                iter([reflection_pb2.ServerReflectionRequest(list_services="")])
            ):
                pass
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("names", [[VIEWER], [ADMINISTRATOR, VIEWER]])
async def test_a_viewer_looks_and_changes_nothing(authority: Any, names: list[x509.GeneralName]) -> None:
    async with serve_tls(authority, services()) as address, open_channel(address, authority, *names) as channel:
        for method, request in methods():
            status = await status_of(channel, method, request())
            if method.rpartition("/")[2] in READING:
                assert status is not grpc.StatusCode.PERMISSION_DENIED, method
            else:
                assert status is grpc.StatusCode.PERMISSION_DENIED, method


async def test_an_administrators_certificate_may_do_everything(authority: Any) -> None:
    async with serve_tls(authority, services()) as address, open_channel(address, authority, ADMINISTRATOR) as channel:
        for method, request in methods():
            assert await status_of(channel, method, request()) is not grpc.StatusCode.PERMISSION_DENIED, method


async def test_a_client_without_a_certificate_or_with_another_authoritys_is_not_connected(authority: Any) -> None:
    stranger = type(authority)().issue(ADMINISTRATOR)
    async with serve_tls(authority, services()) as address:
        for credentials in (
            grpc.ssl_channel_credentials(authority.certificate),
            grpc.ssl_channel_credentials(authority.certificate, stranger.key, stranger.certificate),
        ):
            async with grpc.aio.secure_channel(address, credentials) as channel:
                assert await status_of(channel, methods()[0][0]) is grpc.StatusCode.UNAVAILABLE


async def test_the_gateway_may_not_administer() -> None:
    async with serve_unix(gateway_caller, services()) as channel:
        for method, request in methods():
            # It hands the metrics out, which name nobody.
            allowed = method == "/conclave.v1.MetricsService/GetMetrics"
            expected = grpc.StatusCode.INTERNAL if allowed else grpc.StatusCode.PERMISSION_DENIED
            assert await status_of(channel, method, request()) is expected, method


async def test_a_method_without_a_permission_is_denied_to_everybody() -> None:
    forgotten = [RpcService(service.name, service.add_to, {}) for service in services()]
    async with serve_unix(local_administrator, forgotten) as channel:
        for method, request in methods():
            assert await status_of(channel, method, request()) is grpc.StatusCode.PERMISSION_DENIED, method


async def test_sockets_are_for_owner_and_group() -> None:
    server = RpcServer(services(), local_administrator)
    with tempfile.TemporaryDirectory(prefix="cr-") as directory:
        path = Path(directory) / "s.sock"
        server.listen_unix(path)
        assert path.stat().st_mode & 0o777 == 0o660
        await server.start()
        await server.stop(0)


async def test_health_and_reflection_tell_the_services(authority: Any) -> None:
    async with serve_tls(authority, services()) as address, open_channel(address, authority, VIEWER) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        for name in ("", "conclave.v1.RoomService", "conclave.v1.SystemService"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        listed = [answer async for answer in reflection.ServerReflectionInfo(iter([request]))]
        names = {service.name for service in listed[0].list_services_response.service}
        assert names >= {"conclave.v1.RoomService", "conclave.v1.SystemService", "grpc.health.v1.Health"}


def rooms_with(get_room: Any) -> RpcService:
    """RoomService whose GetRoom does what a test says."""
    servicer = type("Rooms", (rooms_grpc.RoomServiceServicer,), {"GetRoom": staticmethod(get_room)})()
    return RpcService(
        "conclave.v1.RoomService",
        lambda server: rooms_grpc.add_RoomServiceServicer_to_server(servicer, server),
        {"GetRoom": Permission.READ_ROOMS},
    )


async def test_a_fault_is_told_by_number_and_logged_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: Any, context: Any) -> rooms_pb2.Room:
        raise KeyError("Marguerite-Canary-7781")

    with caplog.at_level(logging.ERROR, logger="conclave"):
        async with serve_unix(local_administrator, [rooms_with(fail)]) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await rooms_grpc.RoomServiceStub(channel).GetRoom(rooms_pb2.GetRoomRequest())
    assert failed.value.code() is grpc.StatusCode.INTERNAL
    details = str(failed.value.details())
    record = next(record for record in caplog.records if record.name.startswith("conclave"))
    assert "Canary" not in details + record.getMessage()
    assert record.__dict__["conclave_fields"]["reference"] in details


async def test_a_call_has_an_end_even_when_its_caller_sets_none() -> None:
    cancelled = asyncio.Event()

    async def hang(request: Any, context: Any) -> rooms_pb2.Room:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError("never set")

    guard = CallGuard(local_administrator, {"/conclave.v1.RoomService/GetRoom": Permission.READ_ROOMS}, 0.05)
    server = grpc.aio.server(interceptors=[guard])
    rooms_with(hang).add_to(server)
    with tempfile.TemporaryDirectory(prefix="cr-") as directory:
        server.add_insecure_port(f"unix:{directory}/s.sock")
        await server.start()
        async with grpc.aio.insecure_channel(f"unix:{directory}/s.sock") as channel:
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await rooms_grpc.RoomServiceStub(channel).GetRoom(rooms_pb2.GetRoomRequest())
            assert failed.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            await asyncio.wait_for(cancelled.wait(), 5)
        await server.stop(0)


async def test_a_call_that_its_caller_gives_up_counts_as_cancelled() -> None:
    begun, ended = asyncio.Event(), asyncio.Queue[tuple[str, grpc.StatusCode]]()

    async def hang(request: Any, context: Any) -> rooms_pb2.Room:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("never set")

    class Observer:
        def call_ended(self, method: str, status: grpc.StatusCode, duration_s: float | None) -> None:
            ended.put_nowait((method, status))

    async with serve_unix(local_administrator, [rooms_with(hang)], Observer()) as channel:
        call = rooms_grpc.RoomServiceStub(channel).GetRoom(rooms_pb2.GetRoomRequest())
        async with asyncio.timeout(5):
            await begun.wait()
            call.cancel()
            assert await ended.get() == ("/conclave.v1.RoomService/GetRoom", grpc.StatusCode.CANCELLED)


async def test_the_caller_of_each_call_is_its_own(authority: Any) -> None:
    async def tell(request: Any, context: Any) -> rooms_pb2.Room:
        await asyncio.sleep(0)
        return rooms_pb2.Room(name=current_caller().role.value)

    async with (
        serve_tls(authority, [rooms_with(tell)]) as address,
        open_channel(address, authority, VIEWER) as viewer,
        open_channel(address, authority, ADMINISTRATOR) as administrator,
    ):
        stubs: list[Any] = [rooms_grpc.RoomServiceStub(viewer), rooms_grpc.RoomServiceStub(administrator)]
        answers = await asyncio.gather(*(stubs[n % 2].GetRoom(rooms_pb2.GetRoomRequest()) for n in range(20)))
    assert [answer.name for answer in answers] == ["viewer", "administrator"] * 10
