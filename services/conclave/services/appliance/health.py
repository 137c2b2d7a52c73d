"""Whether each process answers."""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import grpc
import zmq
from grpc_health.v1 import health_pb2

from conclave.media.v1 import control_pb2
from conclave.services.appliance.errors import NotRunning, StartFailed
from conclave.services.appliance.isolation import CONTROL, CORE, DEMO, GATEWAY, RELAY
from conclave.services.appliance.layout import Layout
from conclave.services.appliance.relay import answers
from conclave.services.appliance.settings import Settings
from conclave.services.appliance.supervision import log_tail, process_states
from conclave.services.demo.orders import DemoAway, give_order
from conclave.v1 import system_pb2, system_pb2_grpc

__all__ = ["wait_until_healthy"]

START_SECONDS = 60.0
# A process that still ends at once after this long will go on doing so.
PATIENCE_SECONDS = 8.0
ANSWER_SECONDS = 2.0


def wait_until_healthy(layout: Layout, settings: Settings, tell: Callable[[str], None]) -> None:
    """Returns when all processes answer, telling of each. Raises StartFailed with the log of one that does not."""
    begin = time.monotonic()
    checks: dict[str, Callable[[], bool]] = {
        CORE: lambda: _core_answers(layout),
        CONTROL: lambda: _control_answers(layout),
        GATEWAY: lambda: _gateway_answers(layout, settings),
    }
    if settings.relay_port:
        checks[RELAY] = lambda: answers(settings.relay_port)
    if settings.demo:
        checks[DEMO] = lambda: _demo_answers(layout)
    while True:
        for program in [program for program, is_well in checks.items() if is_well()]:
            del checks[program]
            tell(f"{program} is healthy after {time.monotonic() - begin:.1f} s")
        if not checks:
            return
        _check_supervisor(layout, time.monotonic() - begin)
        if time.monotonic() - begin > START_SECONDS:
            program = next(iter(checks))
            raise StartFailed(
                f"{program} does not answer after {START_SECONDS:.0f} s. The end of {layout.log / program}.log:\n"
                + log_tail(layout, program)
            )
        time.sleep(0.1)


def _check_supervisor(layout: Layout, waited_s: float) -> None:
    """Raises StartFailed when there is no hope any more."""
    try:
        states = process_states(layout)
    except NotRunning:
        if waited_s > PATIENCE_SECONDS:
            raise StartFailed(f"the supervisor did not start; see {layout.log}/supervisor.out") from None
        return
    for process in states:
        if process.state == "FATAL" or (process.state == "BACKOFF" and waited_s > PATIENCE_SECONDS):
            raise StartFailed(
                f"{process.name} does not stay up. The end of {layout.log / process.name}.log:\n"
                + log_tail(layout, process.name)
            )


def _core_answers(layout: Layout) -> bool:
    if not layout.core_control.exists():
        return False
    request = control_pb2.Request(request_id=1, get_info=control_pb2.GetInfo())
    # A context of its own: closing it leaves no thread and no socket behind.
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.connect(f"ipc://{layout.core_control}")
        dealer.send(request.SerializeToString())
        if not dealer.poll(int(ANSWER_SECONDS * 1000)):
            return False
        return control_pb2.Response.FromString(dealer.recv_multipart()[-1]).HasField("info")


def _control_answers(layout: Layout) -> bool:
    if not layout.admin_socket.exists():
        return False
    with grpc.insecure_channel(f"unix:{layout.admin_socket}") as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = check(health_pb2.HealthCheckRequest(), timeout=ANSWER_SECONDS)
            status = system_pb2_grpc.SystemServiceStub(channel).GetStatus(
                system_pb2.GetStatusRequest(), timeout=ANSWER_SECONDS
            )
        except grpc.RpcError:
            return False
        # Control serves a moment before it has heard the core: people may be let in only then.
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING) and all(
            process.healthy for process in status.processes
        )


def _demo_answers(layout: Layout) -> bool:
    try:
        give_order(layout.demo_socket, "status")
    except (DemoAway, TimeoutError):
        return False
    return True


def _gateway_answers(layout: Layout, settings: Settings) -> bool:
    trust = ssl.create_default_context(cafile=str(layout.authority))
    # No proxy stands between the machine and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    try:
        with opener.open(f"https://127.0.0.1:{settings.port}/healthz", timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
