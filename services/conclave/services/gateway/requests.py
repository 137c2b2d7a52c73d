"""What the requests of devices must say in their headers and bodies. Raises Problem, which says what to do."""

from __future__ import annotations

import asyncio
import re

from aiohttp import ClientPayloadError, hdrs, web

from conclave.services.gateway.problems import Problem

__all__ = ["bearer_token", "entity_tags", "read_text"]

# RFC 6750 section 2.1, and no longer than anything of ours.
_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]{1,512}=*)", re.IGNORECASE | re.ASCII)
# RFC 9110 section 8.8.3.
_ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]{0,128})"')
_MAX_TAGS = 16


def bearer_token(request: web.Request) -> str:
    """The token of the Authorization header."""
    match = _BEARER.fullmatch(request.headers.get(hdrs.AUTHORIZATION, "").strip())
    if match is None:
        raise Problem(401, "Send the token of a device's invite in the header: Authorization: Bearer TOKEN.")
    return match[1]


def entity_tags(request: web.Request) -> list[str]:
    """The tags of If-Match; none for "*". A weak one matches nothing (RFC 9110 section 13.1.1)."""
    written = ", ".join(request.headers.getall(hdrs.IF_MATCH, [])).strip()
    if not written:
        detail = "Send If-Match with the ETag of the ICE session to add candidates, or If-Match: * to restart ICE."
        raise Problem(428, detail)
    # In quotes it is a tag to RFC 9110, and the restart of RFC 9725's own example; no tag of ours is one.
    if written in ("*", '"*"'):
        return []
    matches = [_ENTITY_TAG.fullmatch(part.strip()) for part in written.split(",")]
    if len(matches) > _MAX_TAGS or any(match is None for match in matches):
        raise Problem(400, "If-Match holds entity tags in double quotes, or * alone.")
    strong = [match[2] for match in matches if match is not None and match[1] is None]
    if not strong:
        raise Problem(412, "A weak entity tag matches nothing here; send the ETag as it was told.")
    return strong


async def read_text(request: web.Request, content_type: str, max_size: int, timeout_s: float) -> str:
    """The body, which is of this type and at most this many bytes."""
    if request.content_type != content_type or hdrs.CONTENT_TYPE not in request.headers:
        raise Problem(415, f"Send the body as Content-Type: {content_type}.")
    too_large = Problem(413, f"The body has at most {max_size} bytes.")
    if (request.content_length or 0) > max_size:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > max_size:
                    raise too_large
    except TimeoutError:
        raise Problem(408, "The body came too slowly; send it again.") from None
    except (ClientPayloadError, ConnectionError):
        raise Problem(400, "The body was cut short; send it again.") from None
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Problem(400, "The body is not UTF-8.") from None
