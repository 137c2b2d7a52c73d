"""The packets that the micro benchmarks work on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from clients.media import EXTENSION_IDS, VideoMaker
from conclave.core.rtp import ExtensionKind

__all__ = ["EXTENSION_KINDS", "VIDEO", "numbered"]

_KINDS = {
    "mid": ExtensionKind.EXT_MID,
    "rtp-stream-id": ExtensionKind.EXT_RID,
    "repaired-rtp-stream-id": ExtensionKind.EXT_REPAIRED_RID,
    "ssrc-audio-level": ExtensionKind.EXT_AUDIO_LEVEL,
}
EXTENSION_KINDS = {number: _KINDS[uri.rpartition(":")[2]] for number, uri in EXTENSION_IDS.items()}
VIDEO = VideoMaker(1, 96, mid="v", rid="h").frame(key=True, size=1200)[0]


def numbered(size: int) -> Iterator[bytes]:
    """Packets of one stream, `size` bytes without header, one after another."""
    packet = VideoMaker(2, 96, mid="v").frame(size=size)[0]
    for index in count():
        yield packet[:2] + (index & 0xFFFF).to_bytes(2, "big") + packet[4:]
