"""Who may share and change what. Pure."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from conclave.services.content.errors import ContentClosed, ContentGone, ContentInvalid, NotYours, RevisionTaken
from conclave.services.content.model import Deletion, Draft, Record
from conclave.services.domain.content import KINDS, Body, Line, Sealed, validate_line
from conclave.services.domain.files import SharedFile, validate_file
from conclave.services.domain.polls import Poll, Vote, validate_poll, validate_vote
from conclave.services.domain.protection import ProtectionMode

__all__ = ["Change", "check_draft", "check_parent", "deletion_of", "judge"]

_PARENTS = frozenset(registration.parent for registration in KINDS.values())


class Change(Enum):
    """What a draft is to what is there."""

    NEW = "new"
    REVISION = "revision"
    REPEATED = "repeated"
    """It was taken before, and its answer was lost."""


def check_draft(draft: Draft, mode: ProtectionMode) -> Draft:
    """The draft as it is kept. Raises ContentInvalid, and InvalidArgument for words that cannot be such."""
    registration = KINDS[draft.kind]
    if isinstance(draft.body, Sealed) is (mode is ProtectionMode.MANAGED):
        need = "clear" if mode is ProtectionMode.MANAGED else "sealed"
        raise ContentInvalid(f"this room's protection needs the object {need}; reload the page")
    if draft.recipient_id and not registration.private:
        raise ContentInvalid("objects of this kind are for everybody; name no recipient")
    if draft.revision < 1 or (draft.revision > 1 and not (registration.kept and registration.changes)):
        raise ContentInvalid("revisions count from 1, and objects of this kind may have no other")
    if bool(draft.parent_id) is (registration.parent is None):
        raise ContentInvalid("only objects of some kinds belong to another, and those always do")
    if draft.closed and draft.kind not in _PARENTS:
        raise ContentInvalid("objects of this kind are not closed")
    if len(draft.file_ids) != registration.files:
        raise ContentInvalid(f"an object of this kind names {registration.files} uploads")
    if isinstance(draft.body, SharedFile) and draft.file_ids != (draft.body.file_id,):
        raise ContentInvalid("the file within the object is another than beside it")
    return replace(draft, body=_checked(draft.body))


def _checked(body: Body) -> Body:
    match body:
        case Line(text):
            return Line(validate_line(text))
        case Poll():
            return validate_poll(body)
        case Vote():
            return validate_vote(body)
        case SharedFile():
            return validate_file(body)
        case _:
            return body


def check_parent(draft: Draft, parent: Record | None) -> None:
    """Lets pass a draft for a parent that its author sees. Raises ContentInvalid, ContentGone and ContentClosed."""
    if parent is None or parent.deletion is not Deletion.NONE:
        raise ContentGone("there is no such object to belong to")
    if parent.kind is not KINDS[draft.kind].parent:
        raise ContentInvalid("objects of this kind belong to another kind")
    if parent.closed:
        raise ContentClosed("it is closed")


def judge(existing: Record | None, draft: Draft, sender_id: str, sender_person: str) -> Change:
    """What the draft does. Raises NotYours, ContentGone, ContentInvalid, ContentClosed and RevisionTaken."""
    if existing is None:
        if draft.revision != 1:
            raise ContentGone("there is no such object to change; send it as a new one")
        return Change.NEW
    if existing.sender_person != sender_person:
        raise NotYours("only its author changes an object")
    if existing.deletion is not Deletion.NONE:
        raise ContentGone("the object was deleted")
    if (existing.kind, existing.parent_id) != (draft.kind, draft.parent_id):
        raise ContentInvalid("a change keeps the object's kind and what it belongs to")
    if draft.revision == existing.revision + 1:
        if existing.closed:
            raise ContentClosed("it is closed")
        return Change.REVISION
    # The same client never makes two bodies of one revision; a sealed one may have been sealed anew.
    if draft.revision == existing.revision and (existing.sender_id == sender_id or existing.body == draft.body):
        return Change.REPEATED
    raise RevisionTaken(f"the object is at revision {existing.revision}; look at it and change it again")


def deletion_of(record: Record, person: str, is_host: bool) -> Deletion:
    """As what somebody deletes an object. Raises NotYours.

    Hosts take back what was said to everybody, as they take out who said it; what two people said to each other is
    theirs alone. What belongs to another object stands as long as that: a host who could take single votes back
    would decide what is counted.
    """
    if record.parent_id:
        raise NotYours("this goes with what it belongs to; change it instead")
    if record.sender_person == person:
        return Deletion.BY_AUTHOR
    if is_host and not record.recipient_person:
        return Deletion.BY_HOST
    raise NotYours("only its author deletes this, or a host if it was said to everybody")
