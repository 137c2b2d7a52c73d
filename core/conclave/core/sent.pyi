__all__ = ["Sent"]

class Sent:
    """What has left one transport; the C functions behind it, for tests."""

    def __init__(self) -> None: ...
    @property
    def next(self) -> int: ...
    def note(self, size: int, now_ns: int, cluster: int = 0) -> None: ...
    def take(self, number: int) -> tuple[int, int, int] | None:
        """(bytes on the wire, microseconds modulo 2^32, probe cluster), once; None for a number not under way."""
