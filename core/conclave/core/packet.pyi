class StreamHistory:
    """A history over a pool of its own of `capacity` packets, for tests."""

    def __init__(self, capacity: int) -> None: ...
    def put(self, index: int, data: bytes = b"") -> bool:
        """Takes a packet from the pool and keeps it. Raises BufferError when the pool is used up."""

    def get(self, index: int) -> bytes | None: ...
    def hold(self, index: int) -> None:
        """Puts a packet in front of the list of those that wait."""

    def let_go(self) -> list[tuple[int, bytes]]:
        """Ends the list and returns what was in it."""

    def drop_oldest(self) -> bool: ...
    def clear(self) -> None: ...
    @property
    def available(self) -> int:
        """Packets left in the pool."""

    def __len__(self) -> int: ...
