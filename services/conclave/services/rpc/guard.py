"""The one interceptor: who calls, may they, how long may it take, and what are they told when it fails."""

from __future__ import annotations

import asyncio
import inspect
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import grpc
import grpc.aio

from conclave.services.domain.callers import Permission, require_permission
from conclave.services.domain.errors import PermissionDenied, ServiceError
from conclave.services.journal.lines import fields
from conclave.services.rpc.authentication import Authenticator, set_caller
from conclave.services.rpc.measuring import UNMEASURED, CallObserver

__all__ = ["MAX_DURATION_S", "CallGuard"]

MAX_DURATION_S = 30.0
"""No unary call takes longer, whatever deadline its caller set or forgot."""

_log = logging.getLogger(__name__)


class CallGuard(grpc.aio.ServerInterceptor):
    """Lets a call through when its caller has the method's permission; a method without one is denied.

    The outermost place of every call, so it takes whatever a handler raises: who called is told no more than `_refuse`
    says.
    """

    def __init__(
        self,
        authenticate: Authenticator,
        permissions: Mapping[str, Permission],
        max_duration_s: float = MAX_DURATION_S,
        observer: CallObserver = UNMEASURED,
    ) -> None:
        self._authenticate = authenticate
        self._permissions = permissions
        self._observer = observer
        self._max_duration_s = max_duration_s

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any) -> Any:
        """Wraps the handler of one call."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method: str = handler_call_details.method
        serializers = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(self._guard_unary(method, handler.unary_unary), **serializers)
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(self._guard_stream(method, handler.unary_stream), **serializers)
        assert handler.stream_stream is not None, "no service of ours takes a stream and answers once"
        return grpc.stream_stream_rpc_method_handler(self._guard_stream(method, handler.stream_stream), **serializers)

    def _guard_unary(self, method: str, serve: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Awaitable[Any]]:
        async def guarded(request: Any, context: Any) -> Any:
            begin = time.monotonic()
            # What is left when its caller or a deadline ends the call.
            status = grpc.StatusCode.CANCELLED
            try:
                self._admit(method, context)
                async with asyncio.timeout(self._max_duration_s):
                    response = await serve(request, context)
                status = grpc.StatusCode.OK
                return response
            except Exception as error:
                status = _status_of(error)
                await self._refuse(method, context, error)
            finally:
                self._observer.call_ended(method, status, time.monotonic() - begin)

        return guarded

    def _guard_stream(self, method: str, serve: Callable[[Any, Any], Any]) -> Callable[[Any, Any], AsyncIterator[Any]]:
        async def guarded(requests: Any, context: Any) -> AsyncIterator[Any]:
            status = grpc.StatusCode.CANCELLED
            try:
                self._admit(method, context)
                answers = serve(requests, context)
                if inspect.isawaitable(answers):
                    # A handler of the writing style, which calls context.write itself.
                    await answers
                else:
                    async for answer in answers:
                        yield answer
                status = grpc.StatusCode.OK
            except Exception as error:
                status = _status_of(error)
                await self._refuse(method, context, error)
            finally:
                self._observer.call_ended(method, status, None)

        return guarded

    def _admit(self, method: str, context: Any) -> None:
        caller = self._authenticate(context)
        permission = self._permissions.get(method)
        if permission is None:
            raise PermissionDenied("this method is not offered here")
        require_permission(caller, permission)
        set_caller(caller)

    async def _refuse(self, method: str, context: Any, error: Exception) -> None:
        """Ends the call with the error's status. Always raises."""
        match error:
            case grpc.aio.AbortError():
                raise error
            case ServiceError():
                await context.abort(error.status_code, str(error))
            case TimeoutError():
                detail = f"not done within {self._max_duration_s:g} s; try again"
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, detail)
            case _:
                # The caller gets a number to name, never the reason: that may hold what another person sent.
                reference = secrets.token_hex(4)
                _log.error("a call failed", exc_info=error, extra=fields(method=method, reference=reference))
                detail = f"the appliance is at fault; its log tells more under reference {reference}"
                await context.abort(grpc.StatusCode.INTERNAL, detail)


def _status_of(error: Exception) -> grpc.StatusCode:
    match error:
        case ServiceError():
            return error.status_code
        case TimeoutError():
            return grpc.StatusCode.DEADLINE_EXCEEDED
        case grpc.aio.AbortError():
            return grpc.StatusCode.UNKNOWN
    return grpc.StatusCode.INTERNAL
