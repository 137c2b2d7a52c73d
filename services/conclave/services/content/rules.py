"""Who may share and change what. Pure."""

from __future__ import annotations

from enum import Enum

from conclave.services.content.errors import ContentGone, ContentInvalid, NotYours, RevisionTaken
from conclave.services.content.model import Deletion, Draft, Record
from conclave.services.domain.content import KINDS, Line, Sealed, validate_line
from conclave.services.domain.protection import ProtectionMode

__all__ = ["Change", "check_draft", "deletion_of", "judge"]


class Change(Enum):
    """What a draft is to what is there."""

    NEW = "new"
    REVISION = "revision"
    REPEATED = "repeated"
    """It was taken before, and its answer was lost."""


def check_draft(draft: Draft, mode: ProtectionMode) -> Draft:
    """The draft as it is kept. Raises ContentInvalid, and InvalidArgument for a line that cannot be one."""
    registration = KINDS[draft.kind]
    if isinstance(draft.body, Sealed) is (mode is ProtectionMode.MANAGED):
        need = "clear" if mode is ProtectionMode.MANAGED else "sealed"
        raise ContentInvalid(f"this room's protection needs the object {need}; reload the page")
    if draft.recipient_id and not registration.private:
        raise ContentInvalid("objects of this kind are for everybody; name no recipient")
    if draft.revision < 1 or (draft.revision > 1 and not registration.kept):
        raise ContentInvalid("revisions count from 1, and what is not kept has no other")
    if isinstance(draft.body, Line):
        return Draft(draft.id, draft.kind, draft.revision, draft.recipient_id, Line(validate_line(draft.body.text)))
    return draft


def judge(existing: Record | None, draft: Draft, sender_id: str, sender_person: str) -> Change:
    """What the draft does. Raises NotYours, ContentGone, ContentInvalid and RevisionTaken."""
    if existing is None:
        if draft.revision != 1:
            raise ContentGone("there is no such object to change; send it as a new one")
        return Change.NEW
    if existing.sender_person != sender_person:
        raise NotYours("only its author changes an object")
    if existing.deletion is not Deletion.NONE:
        raise ContentGone("the object was deleted")
    if existing.kind is not draft.kind:
        raise ContentInvalid("a change keeps the object's kind")
    if draft.revision == existing.revision + 1:
        return Change.REVISION
    # The same client never makes two bodies of one revision; a sealed one may have been sealed anew.
    if draft.revision == existing.revision and (existing.sender_id == sender_id or existing.body == draft.body):
        return Change.REPEATED
    raise RevisionTaken(f"the object is at revision {existing.revision}; look at it and change it again")


def deletion_of(record: Record, person: str, is_host: bool) -> Deletion:
    """As what somebody deletes an object. Raises NotYours.

    Hosts take back what was said to everybody, as they take out who said it; what two people said to each other is
    theirs alone.
    """
    if record.sender_person == person:
        return Deletion.BY_AUTHOR
    if is_host and not record.recipient_person:
        return Deletion.BY_HOST
    raise NotYours("only its author deletes this, or a host if it was said to everybody")
