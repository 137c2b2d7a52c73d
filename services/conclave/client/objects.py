"""What people share, as programs see it."""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass, field
from enum import Enum

from conclave.v1 import content_pb2

__all__ = ["ChatLine", "ReactionSign", "SharedFile", "new_content_id"]

# Base32, RFC 4648 section 6.
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class ReactionSign(Enum):
    """The signs that people show for a moment."""

    THUMBS_UP = content_pb2.REACTION_SIGN_THUMBS_UP
    HEART = content_pb2.REACTION_SIGN_HEART
    CLAP = content_pb2.REACTION_SIGN_CLAP
    LAUGH = content_pb2.REACTION_SIGN_LAUGH
    SURPRISE = content_pb2.REACTION_SIGN_SURPRISE
    CELEBRATE = content_pb2.REACTION_SIGN_CELEBRATE


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One line as it is now.

    sender_id: a participant, who may have left; own: whether it is the client's. recipient_id: the one person whom it
    is for, empty for everybody. revision: above 1 once it was changed. deleted: taken back; the text is empty then.
    delivered: whether it has reached everybody whom it is for and who is there.
    """

    id: str
    text: str
    sender_id: str
    sender_name: str
    own: bool
    recipient_id: str
    recipient_name: str
    time: datetime.datetime
    revision: int
    deleted: bool
    delivered: bool
    sequence: int
    first_sequence: int

    @classmethod
    def read(cls, record: content_pb2.ContentRecord) -> ChatLine:
        """From the protocol."""
        return cls(
            record.id,
            record.clear.chat.text,
            record.sender_participant_id,
            record.sender_display_name,
            record.own,
            record.recipient_participant_id,
            record.recipient_display_name,
            datetime.datetime.fromtimestamp(record.create_time_ms / 1000, datetime.UTC),
            record.revision,
            record.deletion != content_pb2.CONTENT_DELETION_UNSPECIFIED,
            record.delivered,
            record.sequence,
            record.first_sequence,
        )


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file that somebody shared.

    name: what its author calls it: text, never a path. media_type: empty when it is not known. size: in bytes.
    sender_id, own, recipient_id, recipient_name: as of a line of chat.
    """

    id: str
    file_id: str
    name: str
    media_type: str
    size: int
    sender_id: str
    sender_name: str
    own: bool
    recipient_id: str
    recipient_name: str
    time: datetime.datetime
    first_sequence: int
    content_key: bytes = field(repr=False)

    @classmethod
    def read(cls, record: content_pb2.ContentRecord) -> SharedFile:
        """From the protocol."""
        shared = record.clear.file
        return cls(
            record.id,
            shared.file_id,
            shared.name,
            shared.media_type,
            shared.size,
            record.sender_participant_id,
            record.sender_display_name,
            record.own,
            record.recipient_participant_id,
            record.recipient_display_name,
            datetime.datetime.fromtimestamp(record.create_time_ms / 1000, datetime.UTC),
            record.first_sequence,
            shared.content_key,
        )


def new_content_id() -> str:
    """The id of a new object: 80 random bits as 16 letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
