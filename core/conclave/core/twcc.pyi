__all__ = ["Arrivals"]

class Arrivals:
    """What one sender's packets' arrivals are; the C functions behind it, for tests."""

    def __init__(self) -> None: ...
    def received(self, sequence_number: int, now_ns: int) -> None: ...
    def write(self, sender_ssrc: int, media_ssrc: int, capacity: int = 1200) -> bytes:
        """One feedback packet about what has not been told yet; empty when there is nothing."""
