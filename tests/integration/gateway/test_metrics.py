"""/metrics over HTTP: who gets an answer, what stands in it, and what it is while control is away."""

from __future__ import annotations

import asyncio
import datetime
import logging
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc.aio
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from conclave.services.gateway.measuring import GatewayMetrics
from conclave.services.gateway.metrics import MetricsFace, read_expiry
from conclave.v1 import metrics_pb2 as pb
from conclave.v1 import metrics_pb2_grpc as pb_grpc

from .conftest import Certificate

TOKEN = "correct-horse"
OF_CONTROL = b"""# HELP conclave_control_meetings Meetings
# TYPE conclave_control_meetings gauge
conclave_control_meetings 3.0
"""


class Control(pb_grpc.MetricsServiceServicer):
    async def GetMetrics(self, request: pb.GetMetricsRequest, context: Any) -> pb.GetMetricsResponse:
        return pb.GetMetricsResponse(exposition=OF_CONTROL)


@dataclass
class Scrape:
    """The face under test, and the control behind it."""

    url: str
    own: GatewayMetrics
    control: Any

    async def get(self, **headers: str) -> tuple[int, str, str]:
        async with aiohttp.ClientSession() as client, client.get(self.url, headers=headers) as answer:
            return answer.status, await answer.text(), answer.headers["Content-Type"]

    async def values(self) -> dict[str, float]:
        """Every sample without labels."""
        status, text, content_type = await self.get(Authorization=f"Bearer {TOKEN}")
        assert status == 200
        assert content_type.startswith("application/openmetrics-text; version=1.0.0")
        families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
        return {s.name: float(s.value) for family in families for s in family.samples if not s.labels}


@pytest.fixture
async def scrape() -> AsyncIterator[Scrape]:
    with tempfile.TemporaryDirectory(prefix="cm-") as directory:
        socket = Path(directory) / "c.sock"
        server = grpc.aio.server()
        pb_grpc.add_MetricsServiceServicer_to_server(Control(), server)
        server.add_insecure_port(f"unix:{socket}")
        await server.start()
        own = GatewayMetrics()
        face = MetricsFace(socket, TOKEN, own)
        port = await face.start("127.0.0.1", 0)
        yield Scrape(f"http://127.0.0.1:{port}/metrics", own, server)
        await face.stop()
        await server.stop(None)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer \u00e9"},
    ],
)
async def test_without_the_token_nothing_is_told(scrape: Scrape, headers: dict[str, str]) -> None:
    status, text, _ = await scrape.get(**headers)
    assert status == 401
    assert "conclave_" not in text
    assert TOKEN not in text


async def test_a_header_that_is_no_text_is_no_token(scrape: Scrape) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(scrape.url.rpartition(":")[2].partition("/")[0]))
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")
    async with asyncio.timeout(20):
        assert (await reader.readline()).split()[1] == b"401"
    writer.transport.abort()


async def test_an_empty_token_does_not_start(tmp_path: Path, certificate: Certificate) -> None:
    token = tmp_path / "metrics.token"
    token.write_text("\n")
    options = ["--run-dir", tmp_path, "--host", "127.0.0.1", "--port", "0", "--metrics-address", "127.0.0.1:9"]
    options += ["--tls-cert", certificate.certificate, "--tls-key", certificate.key, "--metrics-token", token]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "conclave.services.gateway.process", *map(str, options), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        told, _ = await process.communicate()
    assert process.returncode == 1
    assert b"metrics.token is empty" in told


async def test_control_and_gateway_make_one_exposition(scrape: Scrape, certificate: Certificate) -> None:
    read_expiry(certificate.certificate, scrape.own)
    values = await scrape.values()
    assert values["conclave_control_meetings"] == 3
    assert values["conclave_gateway_control_up"] == 1
    left_s = (
        values["conclave_gateway_certificate_expiry_timestamp_seconds"]
        - datetime.datetime.now(datetime.UTC).timestamp()
    )
    assert 0 < left_s < 86_400
    assert values["conclave_gateway_process_resident_memory_bytes"] > 0


async def test_without_control_the_gateway_tells_of_itself(scrape: Scrape) -> None:
    await scrape.control.stop(None)
    values = await scrape.values()
    assert values["conclave_gateway_control_up"] == 0
    assert "conclave_control_meetings" not in values


async def test_requests_are_counted_by_face_and_never_by_path(open_face: Any) -> None:
    async with open_face() as face:
        for path in ("/", "/healthz", "/whip", *(f"/guess-{number}" for number in range(20))):
            await (await face.client.get(face.url + path)).read()
        async with face.connect() as client:
            await client.hello()
            connections = {s.name: s.value for f in face.metrics.collect() for s in f.samples if not s.labels}
            assert connections["conclave_gateway_signalling_connections"] == 1
    # The gateway has stopped: whatever was open has ended.
    samples = [s for f in face.metrics.collect() for s in f.samples]
    requests = {(s.labels["face"], s.labels["code"]): s.value for s in samples if s.name.endswith("_requests_total")}
    assert requests[("healthz", "200")] == 1
    assert {name for name, _ in requests} <= {"page", "healthz", "whip", "signal"}
    assert sum(count for (name, _), count in requests.items() if name == "page") == 21
    ended = {s.labels["reason"]: s.value for s in samples if s.name.endswith("_ended_total")}
    assert sum(ended.values()) == 1


# RFC 9112 section 3.2: the forms of a request's target that do not begin with a path.
@pytest.mark.parametrize("request_line", ["OPTIONS * HTTP/1.1", "CONNECT a:1 HTTP/1.1", "GET http://b HTTP/1.1"])
async def test_a_target_without_a_path_is_refused_and_counted(
    open_face: Any, certificate: Certificate, caplog: pytest.LogCaptureFixture, request_line: str
) -> None:
    trust = ssl.create_default_context(cafile=str(certificate.certificate))
    async with open_face() as face:
        reader, writer = await asyncio.open_connection("127.0.0.1", face.port, ssl=trust)
        writer.write(f"{request_line}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(20):
            code = (await reader.readline()).split()[1].decode()
        writer.transport.abort()
    assert code in ("400", "404", "405")
    samples = [s for f in face.metrics.collect() for s in f.samples if s.name.endswith("_requests_total")]
    assert [(s.labels, s.value) for s in samples] == [({"face": "page", "code": code}, 1)]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
