"""WHIP and WHEP at a gateway whose control a test decides about: what HTTP is answered, to the letter of RFC 9725."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest

from conclave.services.domain.rates import Rate
from conclave.services.gateway.limits import Limits
from conclave.v1 import devices_pb2 as pb
from conclave.v1 import devices_pb2_grpc as pb_grpc

SDP = {"Authorization": "Bearer device-token", "Content-Type": "application/sdp"}
FRAGMENT = {"Authorization": "Bearer device-token", "Content-Type": "application/trickle-ice-sdpfrag"}
TOKEN = {"Authorization": "Bearer device-token"}


class Control(pb_grpc.DeviceServiceServicer):
    """Opens everything, unless it is to refuse."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.restarts = False
        self.refusal: tuple[grpc.StatusCode, str] | None = None

    async def _take(self, request: Any, context: Any) -> None:
        self.requests.append(request)
        if self.refusal is not None:
            await context.abort(*self.refusal)

    async def OpenDeviceSession(self, request: Any, context: Any) -> pb.OpenDeviceSessionResponse:
        await self._take(request, context)
        return pb.OpenDeviceSessionResponse(session_id="secret-id", entity_tag="e1", answer="v=0\r\n")

    async def PatchDeviceSession(self, request: Any, context: Any) -> pb.PatchDeviceSessionResponse:
        await self._take(request, context)
        if not self.restarts:
            return pb.PatchDeviceSessionResponse()
        return pb.PatchDeviceSessionResponse(entity_tag="e2", fragment="a=ice-lite\r\n")

    async def CloseDeviceSession(self, request: Any, context: Any) -> pb.CloseDeviceSessionResponse:
        await self._take(request, context)
        return pb.CloseDeviceSessionResponse()


Opener = Callable[..., Any]


@pytest.fixture
def open_devices(open_face: Opener) -> Opener:
    """Opens a gateway whose control knows devices: `async with open_devices(limits) as (ask, control)`."""

    @asynccontextmanager
    async def opener(**limits: Any) -> AsyncIterator[tuple[Any, Control]]:
        async with open_face(Limits(**limits), start_control=False) as face:
            control, server = Control(), grpc.aio.server()
            pb_grpc.add_DeviceServiceServicer_to_server(control, server)
            server.add_insecure_port(f"unix:{face.control.socket}")
            await server.start()

            async def ask(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, Any, str]:
                async with face.client.request(method, face.url + path, headers=headers, data=body or None) as answer:
                    return answer.status, answer.headers, await answer.text()

            try:
                yield ask, control
            finally:
                await server.stop(0)

    return opener


def problem(headers: Any, body: str, status: int) -> str:
    """The sentence of a refusal (RFC 9457)."""
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Access-Control-Allow-Origin"] == "*"
    told = json.loads(body)
    assert told["status"] == status
    assert told["title"]
    return str(told["detail"])


@pytest.mark.parametrize(
    ("path", "direction"), [("/whip", pb.DEVICE_DIRECTION_SEND), ("/whep", pb.DEVICE_DIRECTION_PLAY)]
)
async def test_a_session_from_its_offer_to_its_end(
    open_devices: Opener, path: str, direction: pb.DeviceDirection.ValueType
) -> None:
    async with open_devices() as (ask, control):
        status, headers, body = await ask("POST", path, SDP, b"v=0\r\n")
        assert (status, body) == (201, "v=0\r\n")
        assert headers["Content-Type"] == "application/sdp"
        assert (headers["Location"], headers["ETag"]) == (f"{path}/secret-id", '"e1"')
        assert headers["Cache-Control"] == "no-store"
        assert {"Location", "ETag", "Link"} <= set(headers["Access-Control-Expose-Headers"].split(", "))
        assert control.requests[-1] == pb.OpenDeviceSessionRequest(
            token="device-token", direction=direction, offer="v=0\r\n"
        )

        session = headers["Location"]
        status, headers, body = await ask("PATCH", session, {**FRAGMENT, "If-Match": '"e1"'}, b"a=x\r\n")
        assert (status, body) == (204, "")
        assert "ETag" not in headers
        assert (list(control.requests[-1].entity_tags), control.requests[-1].fragment) == (["e1"], "a=x\r\n")

        control.restarts = True
        status, headers, body = await ask("PATCH", session, {**FRAGMENT, "If-Match": "*"}, b"a=x\r\n")
        assert (status, headers["ETag"], body) == (200, '"e2"', "a=ice-lite\r\n")
        assert headers["Content-Type"] == "application/trickle-ice-sdpfrag"
        assert not control.requests[-1].entity_tags

        # As RFC 9725 itself writes it.
        status, headers, _ = await ask("PATCH", session, {**FRAGMENT, "If-Match": '"*"'}, b"a=x\r\n")
        assert (status, headers["ETag"]) == (200, '"e2"')
        assert not control.requests[-1].entity_tags

        # A tag is of no account where no ICE session is meant.
        status, _, _ = await ask("DELETE", session, {**TOKEN, "If-Match": '"other"'})
        assert status == 200
        assert control.requests[-1] == pb.CloseDeviceSessionRequest(
            token="device-token", session_id="secret-id", direction=direction
        )


async def test_a_slash_in_a_sessions_name_is_for_control_to_refuse(open_devices: Opener) -> None:
    async with open_devices() as (ask, control):
        control.refusal = (grpc.StatusCode.NOT_FOUND, "there is no such session")
        status, headers, body = await ask("DELETE", "/whip/a%2Fb", TOKEN)
        assert problem(headers, body, 404)
        assert (status, control.requests[-1].session_id) == (404, "a/b")


async def test_options_tell_what_is_taken_and_let_any_origin_ask(open_devices: Opener) -> None:
    async with open_devices() as (ask, control):
        preflight = {"Origin": "https://elsewhere.test", "Access-Control-Request-Method": "POST"}
        status, headers, _ = await ask("OPTIONS", "/whip", preflight)
        assert (status, headers["Accept-Post"], headers["Allow"]) == (200, "application/sdp", "POST, OPTIONS")
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
        assert headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, If-Match"
        assert "Access-Control-Allow-Credentials" not in headers
        status, headers, _ = await ask("OPTIONS", "/whep/secret-id", preflight)
        assert (status, headers["Accept-Patch"]) == (200, "application/trickle-ice-sdpfrag")
        assert headers["Access-Control-Allow-Methods"] == "PATCH, DELETE, OPTIONS"
        assert not control.requests


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/whip", TOKEN, b"", 405),
        ("PUT", "/whep", SDP, b"v=0", 405),
        ("DELETE", "/whip", TOKEN, b"", 405),
        ("GET", "/whip/secret-id", TOKEN, b"", 405),
        ("POST", "/whip/secret-id", SDP, b"v=0", 405),
        ("POST", "/whip", {"Content-Type": "application/sdp"}, b"v=0", 401),
        ("POST", "/whip", {**SDP, "Authorization": "Basic eDp5"}, b"v=0", 401),
        ("POST", "/whip", {**SDP, "Authorization": "Bearer a b"}, b"v=0", 401),
        ("POST", "/whip", {**SDP, "Authorization": "Bearer " + "a" * 2000}, b"v=0", 401),
        ("DELETE", "/whip/secret-id", {}, b"", 401),
        ("DELETE", "/whip/a%2Fb", {}, b"", 401),
        ("POST", "/whip", {**SDP, "Content-Type": "text/plain"}, b"v=0", 415),
        ("POST", "/whip", TOKEN, b"v=0", 415),
        ("POST", "/whip", SDP, b"a" * (256 * 1024 + 1), 413),
        ("POST", "/whip", SDP, b"\xff\xfe", 400),
        ("PATCH", "/whip/secret-id", FRAGMENT, b"a=x", 428),
        ("PATCH", "/whip/secret-id", {**FRAGMENT, "If-Match": 'W/"e1"'}, b"a=x", 412),
        ("PATCH", "/whip/secret-id", {**FRAGMENT, "If-Match": "e1"}, b"a=x", 400),
        ("PATCH", "/whip/secret-id", {**SDP, "If-Match": "*"}, b"a=x", 415),
        ("PATCH", "/whip/secret-id", {**FRAGMENT, "If-Match": "*"}, b"a" * (16 * 1024 + 1), 413),
    ],
)
async def test_what_control_need_not_hear_is_refused(
    open_devices: Opener, method: str, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    async with open_devices() as (ask, control):
        found, told, text = await ask(method, path, headers, body)
        assert found == status
        assert problem(told, text, status)
        assert ("WWW-Authenticate" in told) == (status == 401)
        assert ("Allow" in told) == (status == 405)
        assert not control.requests


@pytest.mark.parametrize(
    ("code", "status", "own_words"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, 400, True),
        (grpc.StatusCode.UNAUTHENTICATED, 401, True),
        (grpc.StatusCode.PERMISSION_DENIED, 403, True),
        (grpc.StatusCode.NOT_FOUND, 404, True),
        (grpc.StatusCode.UNIMPLEMENTED, 406, True),
        (grpc.StatusCode.FAILED_PRECONDITION, 409, True),
        (grpc.StatusCode.ABORTED, 412, True),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 429, True),
        (grpc.StatusCode.UNAVAILABLE, 503, False),
        (grpc.StatusCode.INTERNAL, 500, False),
    ],
)
async def test_what_control_refuses_is_told(
    open_devices: Opener, code: grpc.StatusCode, status: int, own_words: bool
) -> None:
    async with open_devices() as (ask, control):
        control.refusal = (code, "the reason in words")
        found, headers, body = await ask("POST", "/whip", SDP, b"v=0")
        assert found == status
        assert (problem(headers, body, status) == "The reason in words.") == own_words
        assert ("Retry-After" in headers) == (status in (429, 503))


async def test_invalid_tokens_and_floods_are_stopped(open_devices: Opener) -> None:
    once_in_long = Rate(0.001, 2)
    async with open_devices(refused_tokens_of_address=once_in_long) as (ask, control):
        control.refusal = (grpc.StatusCode.UNAUTHENTICATED, "no")
        assert [(await ask("POST", "/whip", SDP, b"v=0"))[0] for _ in range(4)] == [401, 401, 429, 429]
        assert len(control.requests) == 2
    async with open_devices(requests_of_devices=once_in_long) as (ask, control):
        assert [(await ask("DELETE", "/whip/x", TOKEN))[0] for _ in range(3)] == [200, 200, 429]


async def test_a_control_that_is_away_is_told_as_such(open_face: Opener) -> None:
    async with (
        open_face(start_control=False) as face,
        face.client.post(f"{face.url}/whip", headers=SDP, data=b"v=0") as answer,
    ):
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        assert "restarting" in (await answer.json(content_type="application/problem+json"))["detail"]
