"""Objects as they are taken and as they are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from conclave.services.domain.content import Body, ContentKind

__all__ = ["ContentPage", "Deletion", "Draft", "Record", "Stored"]


class Deletion(IntEnum):
    """Values are those of `conclave.v1.ContentDeletion`."""

    NONE = 0
    BY_AUTHOR = 1
    BY_HOST = 2


@dataclass(frozen=True, slots=True)
class Draft:
    """What a participant wants to share."""

    id: str
    kind: ContentKind
    revision: int
    # The one participant it is for; empty for everybody.
    recipient_id: str
    body: Body
    # The object that it belongs to; empty for none.
    parent_id: str = ""
    # Whether neither it nor what belongs to it may change after this revision.
    closed: bool = False
    # The uploads that it names.
    file_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """An object as it is now.

    A person is whoever stays the same over several presences in one meeting: a member by the invite's name, a guest by
    a key that only their client holds.
    """

    id: str
    kind: ContentKind
    sequence: int
    first_sequence: int
    revision: int
    sender_id: str
    sender_person: str
    sender_name: str = field(repr=False)
    # Empty for everybody.
    recipient_id: str
    recipient_person: str
    recipient_name: str = field(repr=False)
    create_time: datetime
    change_time: datetime
    deletion: Deletion
    delivered: bool
    # None once it is deleted.
    body: Body | None
    # The object that it belongs to; empty for none.
    parent_id: str = ""
    closed: bool = False
    # The uploads that it names; none once it is deleted.
    file_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """An object after a change of it, and who is told: participants who are here."""

    record: Record
    # Whom it is for, the author's own presences left out.
    readers: frozenset[str]
    # The author's presences.
    authors: frozenset[str]
    # False when the change had been made before and was only asked for again.
    new: bool = True


@dataclass(frozen=True, slots=True)
class ContentPage:
    """Objects in the order of their latest changes."""

    records: list[Record]
    # Who asks, as a person.
    person: str
    more: bool
