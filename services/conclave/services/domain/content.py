"""What people share beside sound and pictures: the registered kinds and what each may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from conclave.services.domain.data_classes import DataClass
from conclave.services.domain.files import SharedFile
from conclave.services.domain.polls import Poll, Vote
from conclave.services.domain.rates import Rate
from conclave.services.domain.texts import validate_text

__all__ = [
    "KINDS",
    "MAX_LINE",
    "MAX_OBJECT_SIZE",
    "Body",
    "ClearBody",
    "ContentKind",
    "Line",
    "Registration",
    "Sealed",
    "Sign",
    "SignName",
    "validate_line",
]

MAX_LINE = 4000
"""Characters of a line of text."""
MAX_OBJECT_SIZE = 65536
"""Bytes of an object, clear or sealed."""


class ContentKind(IntEnum):
    """Values are those of `conclave.v1.ContentKind`."""

    CHAT = 1
    REACTION = 2
    HAND = 3
    POLL = 4
    POLL_VOTE = 5
    FILE = 6


@dataclass(frozen=True, slots=True)
class Registration:
    """What a kind means for whoever keeps it."""

    data_class: DataClass
    # Whether it stays until the meeting ends, or is told once to who is there.
    kept: bool
    # Whether it may be for one person only.
    private: bool
    # How often one participant may share or change one.
    rate: Rate
    # The kind of object that each of these belongs to, one a person.
    parent: ContentKind | None = None
    # How many uploads it names.
    files: int = 0
    # Whether its author may change it.
    changes: bool = True


KINDS: dict[ContentKind, Registration] = {
    ContentKind.CHAT: Registration(DataClass.MESSAGES, kept=True, private=True, rate=Rate(1, 10)),
    ContentKind.REACTION: Registration(DataClass.ENGAGEMENT, kept=False, private=False, rate=Rate(2, 8)),
    ContentKind.HAND: Registration(DataClass.ENGAGEMENT, kept=False, private=False, rate=Rate(2, 8)),
    ContentKind.POLL: Registration(DataClass.ENGAGEMENT, kept=True, private=False, rate=Rate(0.1, 5)),
    ContentKind.POLL_VOTE: Registration(
        DataClass.ENGAGEMENT, kept=True, private=False, rate=Rate(1, 10), parent=ContentKind.POLL
    ),
    ContentKind.FILE: Registration(
        DataClass.SHARED_CONTENT, kept=True, private=True, rate=Rate(1, 10), files=1, changes=False
    ),
}


class SignName(IntEnum):
    """The signs of a reaction; values are those of `conclave.v1.ReactionSign`."""

    THUMBS_UP = 1
    HEART = 2
    CLAP = 3
    LAUGH = 4
    SURPRISE = 5
    CELEBRATE = 6


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sign:
    """A reaction."""

    name: SignName = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An object that only the members of an end-to-end group can open."""

    octets: bytes = field(repr=False)


ClearBody = Line | Sign | Poll | Vote | SharedFile
Body = ClearBody | Sealed
"""What an object holds."""


def validate_line(text: str) -> str:
    """The text in Unicode form NFC, without blank space around it. Raises InvalidArgument, without repeating it."""
    return validate_text(text.replace("\r\n", "\n"), "a line", MAX_LINE, "\n\t")
