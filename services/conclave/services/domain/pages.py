"""Pages of a listing (AIP-158)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from conclave.services.domain.errors import InvalidArgument

__all__ = ["DEFAULT_PAGE_SIZE", "MAX_PAGE_SIZE", "Page", "PageRequest", "read_page_request", "write_page_token"]

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Up to `size` items after the one that has the sort key `after`; empty for the first page."""

    size: int
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page, and the token of the next one, empty when there is none."""

    items: Sequence[Item]
    next_page_token: str


def read_page_request(listing: str, key_length: int, page_size: int, page_token: str) -> PageRequest:
    """Reads what a caller asked for. `listing` names what is listed, so that a token of another listing is refused.

    A size of 0 means DEFAULT_PAGE_SIZE; one above MAX_PAGE_SIZE means that. Raises InvalidArgument.
    """
    if page_size < 0:
        raise InvalidArgument(f"page_size is negative; use 1 to {MAX_PAGE_SIZE}, or 0 for {DEFAULT_PAGE_SIZE}")
    size = min(page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    if not page_token:
        return PageRequest(size, ())
    try:
        decoded = json.loads(base64.b64decode(page_token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        decoded = None
    match decoded:
        case [str(named), *after] if (
            named == listing and len(after) == key_length and all(isinstance(part, str) for part in after)
        ):
            return PageRequest(size, tuple(after))
    raise InvalidArgument("page_token is not one that this listing gave; begin again without a token")


def write_page_token(listing: str, *after: str) -> str:
    """The token of the page after the item with this sort key."""
    return base64.urlsafe_b64encode(json.dumps([listing, *after]).encode()).decode("ascii")
