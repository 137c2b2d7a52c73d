from typing import TypedDict, Unpack

class PacketFields(TypedDict, total=False):
    """What rewriting reads of a packet. `index` must be there; a field left out is absent from the packet, or 0."""

    index: int
    rtp_timestamp: int
    arrival_ns: int
    payload_size: int
    marker: bool
    picture_id: int
    picture_id_size: int
    tl0_picture_index: int
    key_index: int

class RewrittenFields(TypedDict):
    index: int
    rtp_timestamp: int
    picture_id: int
    tl0_picture_index: int
    key_index: int
    marker: bool
    late: bool

class SlotRewriter:
    """The numbers of one slot; the C functions behind it, for tests."""

    def __init__(self, video: bool, first_index: int, first_timestamp: int) -> None: ...
    def switch(self, stream: int, **fields: Unpack[PacketFields]) -> None: ...
    def stop(self) -> None: ...
    def map(self, **fields: Unpack[PacketFields]) -> tuple[int, RewrittenFields]:
        """The status and the numbers out, which mean something only when it is OK."""

    def skip(self, **fields: Unpack[PacketFields]) -> None: ...
    def again(self, stream: int, **fields: Unpack[PacketFields]) -> tuple[int, RewrittenFields]: ...
    def find(self, sequence_number: int) -> tuple[int, int] | None:
        """The stream and its index for a number out; None when it is unknown or forgotten."""

    @property
    def span_count(self) -> int: ...
