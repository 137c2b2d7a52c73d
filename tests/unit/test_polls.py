"""Polls and votes: their words, what belongs to what, what is closed, and who takes what back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conclave.services.content.errors import ContentClosed, ContentGone, ContentInvalid, NotYours
from conclave.services.content.model import Deletion, Draft, Record
from conclave.services.content.rules import Change, check_draft, check_parent, deletion_of, judge
from conclave.services.content.wire import body_from_octets, body_to_octets, draft_from_proto, record_to_proto
from conclave.services.domain.content import ContentKind, Line, Sealed
from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import encode_random_id
from conclave.services.domain.polls import MAX_OPTION, MAX_OPTIONS, MAX_QUESTION, Poll, Vote
from conclave.services.domain.protection import ProtectionMode
from conclave.v1 import content_pb2, data_class_pb2

from .test_content import NOW

POLL_ID, VOTE_ID = encode_random_id(bytes(10)), encode_random_id(bytes([1] * 10))
MANAGED, END_TO_END = ProtectionMode.MANAGED, ProtectionMode.END_TO_END
POLL = Poll("Shall we sign?", ("Yes", "No"), multiple=False)
VOTE = Vote("Shall we sign?", ("Yes",))


def asked(poll: Poll = POLL, revision: int = 1, closed: bool = False) -> Draft:
    return Draft(POLL_ID, ContentKind.POLL, revision, "", poll, closed=closed)


def voted(vote: Vote = VOTE, revision: int = 1, parent: str = POLL_ID) -> Draft:
    return Draft(VOTE_ID, ContentKind.POLL_VOTE, revision, "", vote, parent)


def record(draft: Draft, person: str = "ada", deletion: Deletion = Deletion.NONE) -> Record:
    body = draft.body if deletion is Deletion.NONE else None
    names = (f"{person}-1", person, person, "", "", "")
    places = (1, 1, draft.revision)
    return Record(draft.id, draft.kind, *places, *names, NOW, NOW, deletion, False, body, draft.parent_id, draft.closed)


def test_a_poll_and_a_vote_are_kept_without_the_blank_around_their_words() -> None:
    assert check_draft(asked(Poll(" Why? ", (" a", "b "), multiple=True)), MANAGED).body == Poll(
        "Why?", ("a", "b"), True
    )
    assert check_draft(voted(Vote(" Why? ", ("e\u0301",))), MANAGED).body == Vote("Why?", ("\u00e9",))
    longest = Poll("q" * MAX_QUESTION, tuple(f"{n}".ljust(MAX_OPTION, "x") for n in range(MAX_OPTIONS)), False)
    assert check_draft(asked(longest), MANAGED).body == longest


@pytest.mark.parametrize(
    "poll",
    [
        Poll("", ("Yes", "No"), False),
        Poll("q" * (MAX_QUESTION + 1), ("Yes", "No"), False),
        Poll("two\nlines", ("Yes", "No"), False),
        Poll("Why?", ("Yes",), False),
        Poll("Why?", tuple(f"{n}" for n in range(MAX_OPTIONS + 1)), False),
        Poll("Why?", ("Yes", " "), False),
        Poll("Why?", ("Yes", "n" * (MAX_OPTION + 1)), False),
        Poll("Why?", ("Yes", "Yes "), False),
        Poll("Why?", ("Yes", "\x1b[0m"), False),
    ],
)
def test_a_poll_that_cannot_be_one_is_refused_and_not_repeated(poll: Poll) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_draft(asked(poll), MANAGED)
    assert "Why" not in str(refused.value)


@pytest.mark.parametrize("vote", [Vote("Why?", ()), Vote("", ("Yes",)), Vote("Why?", ("Yes", "Yes"))])
def test_a_vote_that_cannot_be_one_is_refused(vote: Vote) -> None:
    with pytest.raises(InvalidArgument):
        check_draft(voted(vote), MANAGED)


def test_only_votes_belong_to_something_and_only_polls_are_closed() -> None:
    line = Draft(POLL_ID, ContentKind.CHAT, 1, "", Line("hello"))
    for wrong in (
        voted(parent=""),
        replace(asked(), parent_id=VOTE_ID),
        replace(line, parent_id=VOTE_ID),
        replace(line, closed=True),
        replace(voted(), closed=True),
        replace(voted(), recipient_id="bob"),
    ):
        with pytest.raises(ContentInvalid):
            check_draft(wrong, MANAGED)


def test_a_sealed_room_holds_to_the_same_rules_without_reading() -> None:
    sealed = replace(voted(), body=Sealed(b"x"))
    assert check_draft(sealed, END_TO_END) == sealed
    with pytest.raises(ContentInvalid):
        check_draft(replace(sealed, parent_id=""), END_TO_END)
    closed = record(replace(asked(revision=2, closed=True), body=Sealed(b"x")))
    with pytest.raises(ContentClosed):
        check_parent(sealed, closed)


def test_a_vote_is_for_a_poll_that_is_there_and_open() -> None:
    check_parent(voted(), record(asked()))
    line = record(Draft(POLL_ID, ContentKind.CHAT, 1, "", Line("hello")))
    for parent, error in (
        (None, ContentGone),
        (record(asked(), deletion=Deletion.BY_HOST), ContentGone),
        (line, ContentInvalid),
        (record(asked(revision=2, closed=True)), ContentClosed),
    ):
        with pytest.raises(error):
            check_parent(voted(), parent)


def test_a_poll_that_is_closed_stays_as_it_is() -> None:
    assert judge(record(asked()), asked(revision=2, closed=True), "ada-1", "ada") is Change.REVISION
    closed = record(asked(revision=2, closed=True))
    assert judge(closed, asked(revision=2, closed=True), "ada-1", "ada") is Change.REPEATED
    with pytest.raises(ContentClosed):
        judge(closed, asked(revision=3), "ada-1", "ada")
    with pytest.raises(NotYours):
        judge(record(asked()), asked(revision=2, closed=True), "bob-1", "bob")


def test_a_vote_stays_with_its_poll() -> None:
    assert judge(record(voted()), voted(Vote(POLL.question, ("No",)), 2), "ada-1", "ada") is Change.REVISION
    with pytest.raises(ContentInvalid):
        judge(record(voted()), voted(revision=2, parent=VOTE_ID), "ada-1", "ada")


def test_nobody_takes_a_single_vote_back_and_a_poll_its_author_or_a_host() -> None:
    for person, is_host in (("ada", False), ("host", True)):
        with pytest.raises(NotYours):
            deletion_of(record(voted()), person, is_host)
    assert deletion_of(record(asked()), "ada", False) is Deletion.BY_AUTHOR
    assert deletion_of(record(asked()), "host", True) is Deletion.BY_HOST
    with pytest.raises(NotYours):
        deletion_of(record(asked()), "bob", False)


@pytest.mark.parametrize("draft", [asked(Poll("Why?", ("a", "b"), True), 2, True), voted()])
def test_what_is_written_is_read_back_and_told(draft: Draft) -> None:
    assert body_from_octets(draft.kind, False, body_to_octets(draft)) == draft.body
    told = record_to_proto(record(draft), own=True)
    assert (told.parent_id, told.closed) == (told.clear.parent_id, told.clear.closed) == (draft.parent_id, draft.closed)
    assert "Why" not in repr(draft) and "sign" not in repr(draft)


def test_the_clear_object_must_name_the_same_parent_and_state() -> None:
    def request(inside: str = POLL_ID, closed: bool = False) -> content_pb2.SendContent:
        clear = content_pb2.ContentObject(
            kind=content_pb2.CONTENT_KIND_POLL_VOTE,
            data_class=data_class_pb2.DATA_CLASS_ENGAGEMENT,
            id=VOTE_ID,
            revision=1,
            parent_id=inside,
            closed=closed,
            poll_vote=content_pb2.PollVote(question="Shall we sign?", options=["Yes"]),
        )
        return content_pb2.SendContent(id=VOTE_ID, kind=clear.kind, revision=1, parent_id=POLL_ID, clear=clear)

    assert draft_from_proto(request()) == voted()
    for wrong in (request(inside=VOTE_ID), request(inside=""), request(closed=True)):
        with pytest.raises(ContentInvalid):
            draft_from_proto(wrong)
    hostile = request()
    hostile.parent_id = hostile.clear.parent_id = "\0"
    with pytest.raises(InvalidArgument):
        draft_from_proto(hostile)
