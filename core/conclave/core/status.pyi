"""Outcomes of the core's C functions (L0)."""

from enum import IntEnum

__all__ = ["Status", "status_names"]

class Status(IntEnum):
    OK = 0
    TRUNCATED = 1
    MALFORMED = 2
    UNSUPPORTED = 3
    UNKNOWN_SENDER = 4
    UNKNOWN_STREAM = 5
    UNKNOWN_USER = 6
    AUTHENTICATION_FAILED = 7
    REPLAYED = 8
    INDEX_REUSED = 9
    KEY_EXHAUSTED = 10
    NO_KEY = 11
    NO_SPACE = 12
    TOO_LARGE = 13
    TOO_LATE = 14
    INACTIVE = 15
    STATUS_COUNT = 16

def status_names() -> list[str]: ...
