__all__ = ["read_arrivals"]

def read_arrivals(compound: bytes) -> tuple[int, dict[int, int | None]]:
    """What the first packet of a decrypted compound tells: (feedback count, {number: microseconds, None for missing}).

    Raises the error of the Status that is not OK.
    """
