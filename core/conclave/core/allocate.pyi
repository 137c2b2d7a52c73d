__all__ = ["divide"]

def divide(demands: list[tuple[list[tuple[float, bool]], int]], bitrate: float) -> tuple[list[int | None], float]:
    """The layer that each picture is given, None for nothing, and bits per second of all.

    demands: (layers, highest one wanted) of each, most important first; a layer: bits per second, whether it is sent.
    """
