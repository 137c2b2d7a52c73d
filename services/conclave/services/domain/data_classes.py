"""The eight kinds of data, as the field option `(conclave.v1.data_class)` names them."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["DataClass"]


class DataClass(IntEnum):
    """What kind of data a value is; values are those of `conclave.v1.DataClass`."""

    SESSION_METADATA = 1
    MEDIA_STREAMS = 2
    MESSAGES = 3
    SHARED_CONTENT = 4
    RECORDINGS = 5
    ENGAGEMENT = 6
    TECHNICAL_PERFORMANCE = 7
    ANALYTICS = 8
