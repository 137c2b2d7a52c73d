"""Packets that wait to be sealed together (L3)."""

__all__ = ["seal_with_a_backend_that_fails"]

def seal_with_a_backend_that_fails(packets: list[bytes]) -> list[bytes]:
    """What is left of packets, and 10 bytes behind each, when the backend fails to seal them together."""
