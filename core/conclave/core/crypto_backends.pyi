"""Which cryptographic backends work on this machine (L3)."""

__all__ = ["backends"]

def backends() -> list[str]: ...
