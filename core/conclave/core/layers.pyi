def choose(last_packets: list[int | None], max_layer: int, now_ns: int) -> int | None:
    """The layer to show. `last_packets`: when each layer was last heard of, in ns, None for never."""
