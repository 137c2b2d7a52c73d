__all__ = ["Bandwidth"]

class Bandwidth:
    """What one way bears and what left on it; the C functions behind it, for tests."""

    def __init__(self) -> None: ...
    def send(self, size: int, now_ns: int) -> int:
        """The number of a packet of so many protected bytes that leaves now."""

    def probe(self, wanted: float, now_ns: int, size: int = 292) -> list[int]:
        """The numbers of the probing packets that leave now; wanted: bits per second that could be used."""

    def told(self, compound: bytes, rtt_ns: int, now_ns: int) -> None:
        """Takes a feedback packet. Raises the error of the Status that is not OK."""

    def estimate(self) -> int | None:
        """Bits per second, None while nothing is known."""

    @property
    def acknowledged(self) -> int:
        """Bits per second that arrive; 0 while unknown."""
