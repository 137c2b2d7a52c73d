"""Pages, headers and TLS of the gateway, asked for over real HTTPS."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from conclave.services.gateway.headers import SECURITY_HEADERS

INDEX = b"<!doctype html><title>Conclave</title>"


async def raw_exchange(port: int, request: bytes, context: ssl.SSLContext) -> bytes:
    """Sends bytes over TLS and reads until the server closes."""
    reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


def trusting(certificate: Any) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate.certificate))


@pytest.mark.parametrize("path", ["/", "/join", "/join?x=1"])
async def test_the_page_is_served_and_never_stored(open_face: Any, path: str) -> None:
    async with open_face() as face, face.client.get(face.url + path) as response:
        assert response.status == 200
        assert await response.read() == INDEX
        assert response.content_type == "text/html"
        assert response.headers["Cache-Control"] == "no-store"


async def test_hashed_assets_are_kept_for_ever_and_other_files_are_revalidated(open_face: Any) -> None:
    async with open_face() as face:
        async with face.client.get(f"{face.url}/assets/index-abc123.js") as script:
            assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert script.content_type == "text/javascript"
        async with face.client.get(f"{face.url}/icon.svg") as icon:
            assert icon.headers["Cache-Control"] == "no-cache"
            tag = icon.headers["ETag"]
        async with face.client.get(f"{face.url}/icon.svg", headers={"If-None-Match": tag}) as unchanged:
            assert unchanged.status == 304
        async with face.client.get(f"{face.url}/manifest.json") as manifest:
            assert await manifest.json() == {"sha256": "00"}
            assert manifest.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/nothing", 404),
        ("GET", "/assets/", 404),
        ("GET", "/assets/%2e%2e/%2e%2e/conftest.py", 404),
        ("POST", "/", 405),
        ("DELETE", "/join", 405),
        ("GET", "/signal", 426),
        ("GET", "/healthz", 200),
    ],
)
async def test_every_answer_has_the_headers_and_no_banner(open_face: Any, method: str, path: str, status: int) -> None:
    async with open_face() as face, face.client.request(method, face.url + path) as response:
        assert response.status == status
        for name, value in SECURITY_HEADERS.items():
            assert response.headers.getall(name) == [value]
        assert "Server" not in response.headers


async def test_the_policy_lets_nothing_from_elsewhere_in() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "http" not in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert SECURITY_HEADERS["Permissions-Policy"].startswith("camera=(self), microphone=(self), display-capture=(self)")


WORKER = "/assets/outlineworker-F-qx5W_o.js"
WORKER_POLICY = (
    "default-src 'none'; script-src 'wasm-unsafe-eval'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


async def test_only_the_worker_that_computes_may_compile_and_it_reaches_nothing(open_face: Any) -> None:
    async with open_face() as face, face.client.get(face.url + WORKER) as response:
        assert response.headers.getall("Content-Security-Policy") == [WORKER_POLICY]
        for name in SECURITY_HEADERS.keys() - {"Content-Security-Policy"}:
            assert response.headers.getall(name) == [SECURITY_HEADERS[name]]


@pytest.mark.parametrize(
    "path",
    [
        "/outlineworker-F-qx5W_o.js",
        "/assets/outlineworker-F-qx5W_o.js/",
        "/assets/outlineworker-F-qx5W_o.js.html",
        "/assets/x/outlineworker-F-qx5W_o.js",
        "/assets/index-outlineworker-F.js",
        "/join?x=/assets/outlineworker-F-qx5W_o.js",
        "/join#/assets/outlineworker-F-qx5W_o.js",
        "//assets/outlineworker-F-qx5W_o.js",
    ],
)
async def test_no_other_address_gets_the_policy_of_the_worker(open_face: Any, path: str) -> None:
    async with open_face() as face, face.client.get(face.url + path) as response:
        assert response.headers["Content-Security-Policy"] == SECURITY_HEADERS["Content-Security-Policy"]


async def test_the_upgraded_connection_has_the_headers_too(open_face: Any) -> None:
    async with open_face() as face, face.connect() as client:
        headers = client.socket._response.headers
        assert headers["Content-Security-Policy"] == SECURITY_HEADERS["Content-Security-Policy"]
        assert "Server" not in headers


@pytest.mark.parametrize(
    "request_line",
    [
        b"\x16\x03\x01garbage\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: " + b"x" * 20000 + b"\r\n\r\n",
        b"?\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_without_a_word_about_us(
    open_face: Any, certificate: Any, request_line: bytes
) -> None:
    async with open_face() as face:
        answer = await raw_exchange(face.port, request_line, trusting(certificate))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert b"content-security-policy: default-src 'none'" in head.lower()
    for word in (b"aiohttp", b"Python", b"server:"):
        assert word.lower() not in answer.lower()
    assert body == b"That is not HTTP.\n"


async def test_a_body_that_is_too_large_does_not_matter(open_face: Any) -> None:
    async with open_face() as face:
        async with face.client.post(f"{face.url}/", data=b"x" * 100_000) as response:
            assert response.status == 405
        async with face.client.get(f"{face.url}/") as response:
            assert response.status == 200


async def test_a_missing_client_says_how_to_build_it_and_appears_once_built(open_face: Any) -> None:
    async with open_face(build_client=False) as face:
        async with face.client.get(f"{face.url}/join") as response:
            assert response.status == 503
            assert "npm run build" in await response.text()
        async with face.client.get(f"{face.url}/healthz") as response:
            assert (await response.json())["client"] == "missing"
        face.static.mkdir()
        Path(face.static / "index.html").write_bytes(INDEX)
        async with face.client.get(f"{face.url}/join") as response:
            assert response.status == 200


async def test_health_tells_gateway_and_control(open_face: Any) -> None:
    async with open_face() as face:
        async with face.client.get(f"{face.url}/healthz") as response:
            assert await response.json() == {"gateway": "ok", "control": "ok", "client": "ok"}
        await face.control.stop()
        async with face.client.get(f"{face.url}/healthz") as response:
            assert response.status == 200
            assert (await response.json())["control"] == "away"


async def test_plain_http_is_not_answered(open_face: Any) -> None:
    async with open_face() as face:
        with pytest.raises(aiohttp.ClientError):
            await face.client.get(f"http://localhost:{face.port}/")


@pytest.mark.parametrize(
    ("version", "ciphers", "accepted"),
    [
        (ssl.TLSVersion.TLSv1_3, None, "TLSv1.3"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM", "TLSv1.2"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AES+SHA256:ECDHE+AES+SHA1:!AESGCM", None),
        (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256", None),
        (ssl.TLSVersion.TLSv1_1, "DEFAULT:@SECLEVEL=0", None),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
async def test_tls_is_recent_and_authenticated_encryption_only(
    open_face: Any, certificate: Any, version: ssl.TLSVersion, ciphers: str | None, accepted: str | None
) -> None:
    context = trusting(certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_1 if version is ssl.TLSVersion.TLSv1_1 else ssl.TLSVersion.TLSv1_2
    context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    async with open_face() as face:
        if accepted is None:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.open_connection("localhost", face.port, ssl=context)
            return
        _, writer = await asyncio.open_connection("localhost", face.port, ssl=context)
        session = writer.get_extra_info("ssl_object")
        assert session.version() == accepted
        assert "GCM" in session.cipher()[0] or "CHACHA20" in session.cipher()[0]
        writer.close()


async def test_the_best_version_is_preferred(open_face: Any, certificate: Any) -> None:
    async with open_face() as face:
        _, writer = await asyncio.open_connection("localhost", face.port, ssl=trusting(certificate))
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        writer.close()
