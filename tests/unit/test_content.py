"""Rules of content: what may be shared, who changes and deletes it, what has reached everybody, and what passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conclave.services.content.delivery import Arrived, DeliveryBook
from conclave.services.content.errors import ContentGone, ContentInvalid, NotYours, RevisionTaken
from conclave.services.content.model import Deletion, Draft, Record, Stored
from conclave.services.content.rules import Change, check_draft, deletion_of, judge
from conclave.services.content.wire import body_from_octets, body_to_octets, draft_from_proto
from conclave.services.domain.content import KINDS, MAX_LINE, MAX_OBJECT_SIZE, ContentKind, Line, Sealed, Sign, SignName
from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import encode_random_id
from conclave.services.domain.protection import ProtectionMode
from conclave.v1 import content_pb2, data_class_pb2
from conclave.v1 import signalling_pb2 as pb

from .signalling_house import House, code

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID = encode_random_id(bytes(10))
CHAT, REACTION = ContentKind.CHAT, ContentKind.REACTION
MANAGED, END_TO_END = ProtectionMode.MANAGED, ProtectionMode.END_TO_END


def draft(text: str = "hello", revision: int = 1, recipient: str = "") -> Draft:
    return Draft(ID, CHAT, revision, recipient, Line(text))


def record(**changed: object) -> Record:
    made = Record(ID, CHAT, 1, 1, 1, "ada-1", "ada", "Ada", "", "", "", NOW, NOW, Deletion.NONE, False, Line("hello"))
    return replace(made, **changed)  # type: ignore[arg-type]


def clear(**changed: object) -> content_pb2.SendContent:
    message = content_pb2.ContentObject(
        kind=content_pb2.CONTENT_KIND_CHAT,
        data_class=data_class_pb2.DATA_CLASS_MESSAGES,
        id=ID,
        revision=1,
        chat=content_pb2.ChatLine(text="hello"),
    )
    for name, value in changed.items():
        setattr(message, name, value)
    return content_pb2.SendContent(id=ID, kind=content_pb2.CONTENT_KIND_CHAT, revision=1, clear=message)


def reaction(sign: content_pb2.ReactionSign.ValueType = content_pb2.REACTION_SIGN_CLAP) -> content_pb2.SendContent:
    message = content_pb2.ContentObject(
        kind=content_pb2.CONTENT_KIND_REACTION,
        data_class=data_class_pb2.DATA_CLASS_ENGAGEMENT,
        id=ID,
        revision=1,
        reaction=content_pb2.Reaction(sign=sign),
    )
    return content_pb2.SendContent(id=ID, kind=content_pb2.CONTENT_KIND_REACTION, revision=1, clear=message)


def test_every_kind_and_sign_of_the_protocol_is_registered() -> None:
    assert {kind.value for kind in ContentKind} == set(content_pb2.ContentKind.values()) - {0}
    assert set(KINDS) == set(ContentKind)
    assert {sign.value for sign in SignName} == set(content_pb2.ReactionSign.values()) - {0}
    assert {deletion.value for deletion in Deletion} == set(content_pb2.ContentDeletion.values())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  two\r\nlines\t \n", "two\nlines"),
        ("x" * MAX_LINE, "x" * MAX_LINE),
        ("e\u0301", "\u00e9"),
        ("\u05d0\u200f", "\u05d0\u200f"),
    ],
)
def test_a_line_is_kept_without_the_blank_around_it(text: str, kept: str) -> None:
    checked = check_draft(draft(text), MANAGED)
    assert isinstance(checked.body, Line)
    assert checked.body.text == kept


@pytest.mark.parametrize("text", ["", " \n ", "x" * (MAX_LINE + 1), "bell\x07", "nul\0", "escape\x1b[0m"])
def test_a_line_that_cannot_be_one_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_draft(draft(text), MANAGED)
    assert "bell" not in str(refused.value)


def test_a_room_takes_only_what_its_protection_allows() -> None:
    sealed = Draft(ID, CHAT, 1, "", Sealed(b"x"))
    assert check_draft(sealed, END_TO_END) == sealed
    with pytest.raises(ContentInvalid):
        check_draft(sealed, MANAGED)
    for mode in (END_TO_END, ProtectionMode.END_TO_END_SEALED):
        with pytest.raises(ContentInvalid):
            check_draft(draft(), mode)


def test_a_reaction_is_for_everybody_and_has_one_version() -> None:
    sign = Draft(ID, REACTION, 1, "", Sign(SignName.HEART))
    assert check_draft(sign, MANAGED) == sign
    for wrong in (replace(sign, recipient_id="bob"), replace(sign, revision=2), replace(sign, revision=0)):
        with pytest.raises(ContentInvalid):
            check_draft(wrong, MANAGED)


def test_the_clear_object_must_say_what_is_said_beside_it() -> None:
    assert draft_from_proto(clear()).body == Line("hello")
    other = encode_random_id(bytes([1] * 10))
    wrongs: list[dict[str, object]] = [
        {"id": other},
        {"revision": 2},
        {"kind": content_pb2.CONTENT_KIND_REACTION},
        {"data_class": data_class_pb2.DATA_CLASS_ANALYTICS},
    ]
    for wrong in wrongs:
        with pytest.raises(ContentInvalid):
            draft_from_proto(clear(**wrong))
    mixed = clear()
    mixed.clear.reaction.sign = content_pb2.REACTION_SIGN_HEART
    nothing, unknown, named = clear(), clear(), clear()
    nothing.ClearField("clear")
    unknown.kind = content_pb2.ContentKind.ValueType(99)
    named.recipient_participant_id = "\0"
    for wrong_request in (mixed, nothing, unknown, named, reaction(content_pb2.ReactionSign.ValueType(99))):
        with pytest.raises(InvalidArgument):
            draft_from_proto(wrong_request)


def test_an_object_is_bounded() -> None:
    request = content_pb2.SendContent(id=ID, kind=content_pb2.CONTENT_KIND_CHAT, revision=1)
    request.sealed = bytes(MAX_OBJECT_SIZE)
    assert draft_from_proto(request).body == Sealed(bytes(MAX_OBJECT_SIZE))
    request.sealed += b"x"
    with pytest.raises(ContentInvalid):
        draft_from_proto(request)


@pytest.mark.parametrize("body", [Line("zwei\nZeilen"), Sign(SignName.HEART), Sealed(b"\x00\xff")])
def test_what_is_written_is_read_back(body: Line | Sign | Sealed) -> None:
    kind = REACTION if isinstance(body, Sign) else CHAT
    octets = body_to_octets(Draft(ID, kind, 3, "", body))
    assert body_from_octets(kind, isinstance(body, Sealed), octets) == body


def test_texts_are_not_printed() -> None:
    assert "hello" not in repr(draft()) + repr(record())
    assert "Ada" not in repr(record())


def test_a_draft_is_new_a_revision_or_the_same_again() -> None:
    assert judge(None, draft(), "ada-1", "ada") is Change.NEW
    assert judge(record(), draft(), "ada-1", "ada") is Change.REPEATED
    assert judge(record(), draft("other", 2), "ada-1", "ada") is Change.REVISION
    # After a reload the same text is the same again; another text is another's, perhaps of a second device.
    assert judge(record(), draft(), "ada-2", "ada") is Change.REPEATED
    with pytest.raises(RevisionTaken):
        judge(record(), draft("other"), "ada-2", "ada")


@pytest.mark.parametrize(
    ("existing", "wanted", "person", "error"),
    [
        (None, draft(revision=2), "ada", ContentGone),
        (record(), draft(), "bob", NotYours),
        (record(), draft("stolen", 2), "bob", NotYours),
        (record(deletion=Deletion.BY_HOST, body=None), draft("again", 2), "ada", ContentGone),
        (record(), draft("late", 3), "ada", RevisionTaken),
        (record(revision=4), draft("old", 3), "ada", RevisionTaken),
        (record(), Draft(ID, REACTION, 2, "", Sign(SignName.CLAP)), "ada", ContentInvalid),
    ],
)
def test_what_is_not_the_authors_next_revision_is_refused(
    existing: Record | None, wanted: Draft, person: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        judge(existing, wanted, "ada-1", person)


def test_authors_delete_and_hosts_what_was_said_to_everybody() -> None:
    private = record(recipient_id="bob-1", recipient_person="bob")
    assert deletion_of(record(), "ada", False) is Deletion.BY_AUTHOR
    assert deletion_of(private, "ada", True) is Deletion.BY_AUTHOR
    assert deletion_of(record(), "host", True) is Deletion.BY_HOST
    for person, is_host, target in (("bob", False, record()), ("bob", False, private), ("host", True, private)):
        with pytest.raises(NotYours):
            deletion_of(target, person, is_host)


def stored(sequence: int, readers: set[str], content_id: str = ID, **changed: object) -> Stored:
    return Stored(record(sequence=sequence, id=content_id, **changed), frozenset(readers), frozenset({"ada-1"}))


def test_delivered_means_everybody_who_is_here() -> None:
    book = DeliveryBook()
    for reader in ("bob", "cyd", "ada-1"):
        book.reads(reader)
    book.added(stored(1, {"bob", "cyd", "machine"}))
    assert book.arrived("bob", 1) == []
    assert book.arrived("cyd", 0) == []
    assert book.arrived("cyd", 7) == [Arrived(ID, 1)]
    assert book.arrived("cyd", 8) == []


def test_who_leaves_is_not_waited_for_and_nobody_is_no_delivery() -> None:
    book = DeliveryBook()
    for reader in ("bob", "cyd"):
        book.reads(reader)
    book.added(stored(1, {"bob", "cyd"}))
    book.added(stored(2, {"bob"}, "only-bob"))
    assert book.arrived("cyd", 1) == []
    assert book.left("bob") == [Arrived(ID, 1)]
    book.added(stored(3, set(), "alone"))
    assert book.arrived("cyd", 3) == []


def test_a_change_is_waited_for_anew_and_a_deletion_not_at_all() -> None:
    book = DeliveryBook()
    book.reads("bob")
    book.added(stored(1, {"bob"}))
    book.added(stored(2, {"bob"}))
    assert book.arrived("bob", 1) == []
    assert book.arrived("bob", 2) == [Arrived(ID, 2)]
    book.added(stored(3, {"bob"}))
    book.added(stored(4, {"bob"}, deletion=Deletion.BY_AUTHOR, body=None))
    assert book.arrived("bob", 4) == []


def test_after_a_restart_everybody_who_read_before_is_waited_for() -> None:
    book = DeliveryBook({"bob", "cyd"}, [stored(1, {"bob", "cyd", "machine"}), stored(2, set(), "alone")])
    # Said before the others have come back.
    book.added(stored(3, {"bob", "cyd"}, "early"))
    assert book.arrived("bob", 3) == []
    assert book.arrived("cyd", 3) == [Arrived(ID, 1), Arrived("early", 3)]


async def test_a_reaction_is_told_to_everybody_and_not_kept() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    ada.take()
    await ada.connection.handle(pb.ClientMessage(request_id=3, send_content=reaction()))
    event, answer = ada.take()
    assert event.content_added.record.own
    assert (answer.request_id, answer.content_sent.sequence) == (3, 0)
    (told,) = bob.take()
    assert told.content_added.record.clear.reaction.sign == content_pb2.REACTION_SIGN_CLAP
    assert told.content_added.record.sender_display_name == "Ada"
    assert not told.content_added.record.own


async def test_reactions_are_limited_for_each_person() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    burst = KINDS[REACTION].rate.burst
    answers = [await ada.ask(send_content=reaction()) for _ in range(burst + 1)]
    assert [answer.WhichOneof("body") for answer in answers] == ["content_sent"] * burst + ["error"]
    assert code(answers[-1]) == "LIMIT_EXCEEDED"
    assert (await bob.ask(send_content=reaction())).HasField("content_sent")
    house.now_ns += 1_000_000_000
    assert (await ada.ask(send_content=reaction())).HasField("content_sent")


async def test_nobody_shares_without_being_in_the_meeting() -> None:
    house = House()
    ada = await house.join("Ada")
    stranger = house.connect()
    await stranger.ask(hello=pb.Hello(min_version=1, max_version=1, invite_token="invite"))
    assert code(await stranger.ask(send_content=reaction())) == "INVALID_REQUEST"
    await ada.ask(leave=pb.Leave())
    assert ada.closed
