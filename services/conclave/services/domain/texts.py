"""What people write, as it is kept."""

from __future__ import annotations

import unicodedata

from conclave.services.domain.errors import InvalidArgument

__all__ = ["validate_text"]


def validate_text(text: str, what: str, maximum: int, controls: str = "") -> str:
    """The text in Unicode form NFC, without blank space around it. Raises InvalidArgument, without repeating it.

    what: how the error names it; maximum: characters; controls: the control characters that it may hold.
    Direction marks are allowed: some scripts need them, and pages isolate each text.
    """
    normal = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(normal) <= maximum:
        raise InvalidArgument(f"{what} has 1 to {maximum} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in normal if character not in controls):
        allowed = " but line breaks and tabs" if controls else ""
        raise InvalidArgument(f"{what} holds no control characters{allowed}; remove them")
    return normal
