"""WHIP (RFC 9725) and WHEP over HTTPS: carries what devices say to control. Holds no secret, decides nothing.

Pages of any origin may ask, because nothing is given to a browser's cookies: who may do what is said by a bearer token.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import grpc
import grpc.aio
from aiohttp import hdrs, web

from conclave.services.gateway.control_link import ControlLink
from conclave.services.gateway.limits import AddressBuckets, Limits
from conclave.services.gateway.problems import Problem, problem_response
from conclave.services.gateway.requests import bearer_token, entity_tags, read_text
from conclave.v1 import devices_pb2 as pb

__all__ = ["SESSION_PATHS", "Devices"]

SESSION_PATHS = {"/whip": pb.DEVICE_DIRECTION_SEND, "/whep": pb.DEVICE_DIRECTION_PLAY}
"""Where devices open sessions, and what for; a session's own path continues this one."""

Answer = TypeVar("Answer")

_OFFER, _FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
_MAX_FRAGMENT = 16 * 1024
_CALL_TIMEOUT_S = 12.0
_EXPOSED = "Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After, WWW-Authenticate"
_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.UNIMPLEMENTED: 406,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.ABORTED: 412,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.CANCELLED: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 503,
}
_RETRY = {429: "30", 503: "5"}


class Devices:
    """The endpoints of devices and their sessions."""

    def __init__(self, link: ControlLink, limits: Limits) -> None:
        self._link = link
        self._limits = limits
        self._requests = AddressBuckets(limits.requests_of_devices, limits.tracked_addresses)
        self._refused = AddressBuckets(limits.refused_tokens_of_address, limits.tracked_addresses)

    async def serve_endpoint(self, request: web.Request) -> web.StreamResponse:
        """`POST /whip` and `POST /whep`: opens a session."""
        return await self._answered(request, {hdrs.METH_POST: self._open}, {"Accept-Post": _OFFER})

    async def serve_session(self, request: web.Request) -> web.StreamResponse:
        """`PATCH` and `DELETE` of a session: candidates and restarts of ICE, and its end."""
        methods = {hdrs.METH_PATCH: self._patch, hdrs.METH_DELETE: self._close}
        return await self._answered(request, methods, {"Accept-Patch": _FRAGMENT})

    async def _answered(
        self,
        request: web.Request,
        methods: Mapping[str, Callable[[web.Request], Awaitable[web.Response]]],
        accepted: dict[str, str],
    ) -> web.Response:
        allowed = ", ".join([*methods, hdrs.METH_OPTIONS])
        serve = methods.get(request.method)
        try:
            if request.method == hdrs.METH_OPTIONS:
                response = web.Response(headers={hdrs.ALLOW: allowed, **accepted, **_preflight(allowed)})
            elif serve is None:
                # RFC 9725 section 4.2 keeps the other methods for later versions of the protocol.
                raise Problem(405, f"This address answers {allowed}.", headers={hdrs.ALLOW: allowed, **accepted})
            else:
                response = await self._limited(request, serve)
        except Problem as problem:
            if problem.status in _RETRY:
                problem.headers.setdefault(hdrs.RETRY_AFTER, _RETRY[problem.status])
            response = problem_response(problem)
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED
        return response

    async def _limited(
        self, request: web.Request, serve: Callable[[web.Request], Awaitable[web.Response]]
    ) -> web.Response:
        address, now_ns = request.remote or "", time.monotonic_ns()
        refused = self._refused.of(address, now_ns)
        if not self._requests.of(address, now_ns).take(now_ns):
            raise Problem(429, "Too many requests came from this address; try again shortly.")
        if not refused.has_any(now_ns):
            raise Problem(429, "Too many invalid tokens came from this address; try again in a minute.")
        try:
            return await serve(request)
        except Problem as problem:
            if problem.status == 401:
                refused.take(time.monotonic_ns())
            raise

    async def _open(self, request: web.Request) -> web.Response:
        token = bearer_token(request)
        offer = await read_text(request, _OFFER, self._limits.message_size, self._limits.body_timeout_s)
        path = request.path
        asked = pb.OpenDeviceSessionRequest(token=token, direction=SESSION_PATHS[path], offer=offer)
        opened = await _called(self._link.devices.OpenDeviceSession(asked, timeout=_CALL_TIMEOUT_S))
        headers = {
            hdrs.LOCATION: f"{path}/{opened.session_id}",
            hdrs.ETAG: f'"{opened.entity_tag}"',
            "Accept-Patch": _FRAGMENT,
            "Cache-Control": "no-store",
        }
        return web.Response(status=201, body=opened.answer.encode(), content_type=_OFFER, headers=headers)

    async def _patch(self, request: web.Request) -> web.Response:
        token = bearer_token(request)
        tags = entity_tags(request)
        fragment = await read_text(request, _FRAGMENT, _MAX_FRAGMENT, self._limits.body_timeout_s)
        session_id, direction = _session(request)
        asked = pb.PatchDeviceSessionRequest(
            token=token, session_id=session_id, direction=direction, entity_tags=tags, fragment=fragment
        )
        told = await _called(self._link.devices.PatchDeviceSession(asked, timeout=_CALL_TIMEOUT_S))
        if not told.entity_tag:
            return web.Response(status=204, headers={"Cache-Control": "no-store"})
        headers = {hdrs.ETAG: f'"{told.entity_tag}"', "Cache-Control": "no-store"}
        return web.Response(status=200, body=told.fragment.encode(), content_type=_FRAGMENT, headers=headers)

    async def _close(self, request: web.Request) -> web.Response:
        session_id, direction = _session(request)
        asked = pb.CloseDeviceSessionRequest(token=bearer_token(request), session_id=session_id, direction=direction)
        await _called(self._link.devices.CloseDeviceSession(asked, timeout=_CALL_TIMEOUT_S))
        return web.Response(status=200, headers={"Cache-Control": "no-store"})


def _session(request: web.Request) -> tuple[str, pb.DeviceDirection.ValueType]:
    # The identifier may hold a slash, written as %2F: then there is no such session, which is for control to say.
    direction = next(SESSION_PATHS[path] for path in SESSION_PATHS if request.path.startswith(f"{path}/"))
    return request.match_info["session_id"], direction


def _preflight(allowed: str) -> dict[str, str]:
    return {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: allowed,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization, Content-Type, If-Match",
        hdrs.ACCESS_CONTROL_MAX_AGE: "600",
        "Cache-Control": "no-store",
    }


async def _called(call: Awaitable[Answer]) -> Answer:
    """What control answers. Raises Problem, in control's own words where they are for people."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        code, detail = error.code(), error.details()
        if _STATUS.get(code) == 503 or not detail:
            sentence = "A part of the appliance is restarting; try again shortly."
        elif code not in _STATUS:
            sentence = "The appliance is at fault; try again, and tell its administrator if that does not help."
        else:
            sentence = f"{detail[0].upper()}{detail[1:]}."
        raise Problem(_STATUS.get(code, 500), sentence) from None
