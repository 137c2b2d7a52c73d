"""The VP9 payload descriptor (RFC 9628 section 4.2) (L1)."""

from dataclasses import dataclass

__all__ = ["Descriptor", "parse_descriptor", "rewrite_descriptor"]

@dataclass(frozen=True, slots=True)
class Descriptor:
    size: int
    numbers_size: int
    picture_id: int | None
    picture_id_size: int
    tl0_picture_index: int | None
    temporal_layer: int | None
    spatial_layer: int | None
    switching_up: bool
    frame_start: bool
    key_frame: bool

def parse_descriptor(payload: bytes) -> Descriptor: ...
def rewrite_descriptor(payload: bytes, *, picture_id: int, tl0_picture_index: int) -> bytes: ...
