"""How many bytes of the core's pools one of each takes."""

__all__ = ["sizes"]

def sizes() -> dict[str, int]:
    """Bytes of a leg, its keys, a slot, a source, a layer of a source, and a packet of a layer's history."""
