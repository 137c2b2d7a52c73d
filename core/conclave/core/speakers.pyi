class Speaker:
    """How loud one audio source is; the C functions behind it, for tests."""

    def __init__(self) -> None: ...
    def heard(self, audio_level: int, voice: bool, now_ns: int) -> None:
        """Notes a packet. audio_level: -dBov, 0 loudest to 127 silent."""

    def update(self, now_ns: int) -> bool: ...
    @property
    def loudness(self) -> float: ...
    @property
    def speaking(self) -> bool: ...

def assign(slots: list[int], candidates: dict[int, Speaker], now_ns: int) -> tuple[bool, list[int]]:
    """Whether a slot changed, and the new slots: source numbers, 0 for empty."""
