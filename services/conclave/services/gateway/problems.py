"""Answers to requests that failed, for programs and people (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus

from aiohttp import web

__all__ = ["Problem", "problem_response"]


class Problem(Exception):
    """A request that fails with a status and a sentence that says what to do. `members` are more, for programs."""

    def __init__(
        self, status: int, detail: str, headers: dict[str, str] | None = None, members: dict[str, int] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.members = members or {}


def problem_response(problem: Problem) -> web.Response:
    """The answer that tells it."""
    body = {
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        **problem.members,
    }
    # RFC 9110 section 15.5.2.
    challenge = {"WWW-Authenticate": "Bearer"} if problem.status == HTTPStatus.UNAUTHORIZED else {}
    return web.Response(
        status=problem.status,
        body=json.dumps(body).encode(),
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store", **challenge, **problem.headers},
    )
