"""What the Python client knows: invitations, whom it trusts, who is there, what is written."""

from __future__ import annotations

import ssl
import weakref

import aiohttp
import pytest

from conclave.client import errors
from conclave.client.backoff import wait_before
from conclave.client.content import Content
from conclave.client.events import (
    ChatChanged,
    ChatSaid,
    Ended,
    Event,
    Events,
    FileShared,
    FileTakenBack,
    HandLowered,
    HandRaised,
    LobbyChanged,
    LockChanged,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    ReactionShown,
    SpeakersChanged,
)
from conclave.client.invitation import read_invitation
from conclave.client.objects import ReactionSign, new_content_id
from conclave.client.people import EndReason, Protection, Room, Source
from conclave.client.roster import Roster
from conclave.client.transfers import Transfers
from conclave.client.trust import trust_in
from conclave.v1 import content_pb2, meetings_pb2, rooms_pb2
from conclave.v1 import signalling_pb2 as pb

ROOM = Room("standup", "Stand-up", Protection.MANAGED, 10, lobby=False, members_only=False)


@pytest.mark.parametrize(
    ("link", "dial_code", "origin", "token"),
    [
        ("https://meet.example/join#abc", "", "https://meet.example", "abc"),
        ("https://meet.example:443/join#abc", "", "https://meet.example", "abc"),
        (" https://192.0.2.2:8443/join#a_-b\n", "", "https://192.0.2.2:8443", "a_-b"),
        ("https://[2001:db8::1]:8443/join#abc", "", "https://[2001:db8::1]:8443", "abc"),
        ("https://meet.example", "123 456-789", "https://meet.example", ""),
    ],
)
def test_an_invitation_is_read(link: str, dial_code: str, origin: str, token: str) -> None:
    invitation = read_invitation(link, dial_code)
    assert (invitation.origin, invitation.token) == (origin, token)
    hello = pb.Hello()
    invitation.show(hello)
    assert hello.WhichOneof("credential") == ("invite_token" if token else "dial_code")
    assert hello.dial_code == ("" if token else "123456789")


@pytest.mark.parametrize(
    ("link", "dial_code"),
    [
        ("http://meet.example/join#abc", ""),
        ("meet.example/join#abc", ""),
        ("https://meet.example/join", ""),
        ("https://meet.example/join#", ""),
        ("https:///join#abc", ""),
        ("https://user@meet.example/join#abc", ""),
        ("https://meet.example:port/join#abc", ""),
        ("https://meet.example", "12345678"),
        ("https://meet.example", "12345678x"),
        ("https://meet.example/join#abc", "123456789"),
    ],
)
def test_what_is_no_invitation_is_refused_without_repeating_it(link: str, dial_code: str) -> None:
    with pytest.raises(errors.LinkInvalid) as refused:
        read_invitation(link, dial_code)
    assert "abc" not in str(refused.value)


def test_an_invitation_does_not_show_its_secret() -> None:
    assert "abc" not in repr(read_invitation("https://meet.example/join#abc"))
    assert "123456789" not in repr(read_invitation("https://meet.example", "123456789"))


def test_nothing_makes_the_client_trust_anybody() -> None:
    trusted = trust_in(None, "")
    assert isinstance(trusted, ssl.SSLContext)
    assert (trusted.verify_mode, trusted.check_hostname) == (ssl.CERT_REQUIRED, True)
    pinned = trust_in(None, "AB:" * 31 + "cd")
    assert isinstance(pinned, aiohttp.Fingerprint)
    assert pinned.fingerprint == b"\xab" * 31 + b"\xcd"
    for fingerprint in ("ab", "AB:" * 32 + "CD", "zz" * 32):
        with pytest.raises(ValueError, match="SHA-256"):
            trust_in(None, fingerprint)
    with pytest.raises(ValueError, match="not both"):
        trust_in("ca.pem", "ab" * 32)


def test_waits_grow_up_to_a_second_and_half_of_them_is_chance() -> None:
    assert wait_before(0, 0.9) == 0
    assert [wait_before(attempt, 1.0) for attempt in (1, 2, 3, 4, 5, 50)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert wait_before(50, 0.0) == 0.5


def person(person_id: str, name: str = "", active: bool = False, raised_ms: int = 0) -> meetings_pb2.Participant:
    found = meetings_pb2.Participant(id=person_id, display_name=name or person_id, role=rooms_pb2.ROLE_PARTICIPANT)
    found.sources.add(id=f"{person_id}/camera", kind=meetings_pb2.SOURCE_KIND_CAMERA, active=active)
    # One of a later version.
    found.sources.add(id=f"{person_id}/smell", kind=99, active=True)  # type: ignore[arg-type]
    if raised_ms:
        found.hand_raise_time.FromMilliseconds(raised_ms)
    return found


def changed(who: meetings_pb2.Participant) -> pb.ServerMessage:
    return pb.ServerMessage(participant_changed=pb.ParticipantChanged(participant=who))


def test_the_roster_tells_what_changed() -> None:
    roster = Roster(ROOM)
    assert roster.enter(pb.Joined(participant_id="me", participants=[person("me"), person("ann")])) == []
    (joined,) = roster.take(changed(person("bob")))
    assert isinstance(joined, ParticipantJoined)
    (change,) = roster.take(changed(person("ann", active=True)))
    assert isinstance(change, ParticipantChanged)
    assert (change.before.sources, change.participant.sources) == (set(), {Source.CAMERA})
    assert roster.take(changed(person("ann", active=True))) == []
    happened = roster.take(changed(person("ann", active=True, raised_ms=5000)))
    assert [type(each) for each in happened] == [ParticipantChanged, HandRaised]
    happened = roster.take(changed(person("ann", active=True)))
    assert [type(each) for each in happened] == [ParticipantChanged, HandLowered]
    speakers = pb.ServerMessage(speakers_changed=pb.SpeakersChanged(participant_ids=["bob", "nobody", "ann"]))
    (spoke,) = roster.take(speakers)
    assert isinstance(spoke, SpeakersChanged)
    assert [each.id for each in spoke.participants] == ["bob", "ann"]
    (left,) = roster.take(pb.ServerMessage(participant_left=pb.ParticipantLeft(participant_id="bob")))
    assert isinstance(left, ParticipantLeft)
    assert left.participant.id == "bob"
    assert roster.take(pb.ServerMessage(participant_left=pb.ParticipantLeft(participant_id="bob"))) == []
    assert roster.take(pb.ServerMessage(lock_changed=pb.LockChanged(locked=True))) == [LockChanged(True)]
    waiting = meetings_pb2.WaitingParticipant(id="eve", display_name="Eve")
    (lobby,) = roster.take(pb.ServerMessage(lobby_changed=pb.LobbyChanged(waiting=[waiting])))
    assert isinstance(lobby, LobbyChanged)
    assert [each.name for each in lobby.waiting] == ["Eve"]
    assert roster.take(pb.ServerMessage(ack=pb.Ack())) == []


def test_who_comes_back_is_told_what_was_missed() -> None:
    roster = Roster(ROOM)
    roster.enter(pb.Joined(participant_id="me", participants=[person("me"), person("ann"), person("bob")]))
    after = pb.Joined(participant_id="me2", participants=[person("me2"), person("bob", active=True), person("eve")])
    happened = roster.enter(after)
    assert [(type(each).__name__, each.participant.id) for each in happened] == [  # type: ignore[union-attr]
        ("ParticipantLeft", "ann"),
        ("ParticipantChanged", "bob"),
        ("ParticipantJoined", "eve"),
    ]


async def test_every_stream_tells_everything_and_ends() -> None:
    events = Events()
    first = events.stream()
    events.tell(LockChanged(True))
    second = events.stream()
    ended = Ended(EndReason.LEFT, "left")
    events.tell(ended)
    assert [event async for event in first] == [LockChanged(True), ended]
    assert [event async for event in second] == [ended]
    assert [event async for event in events.stream()] == [ended]


async def test_a_stream_that_nobody_has_any_more_gathers_nothing() -> None:
    events = Events()
    kept, dropped = events.stream(), weakref.ref(events.stream())
    events.tell(LockChanged(False))
    assert dropped() is None
    assert await anext(kept) == LockChanged(False)


def test_content_ids_are_of_80_random_bits() -> None:
    ids = {new_content_id() for _ in range(200)}
    assert len(ids) == 200
    assert set("".join(ids)) == set("abcdefghijklmnopqrstuvwxyz234567")
    assert {len(each) for each in ids} == {16}


class Appliance:
    """Answers what content asks."""

    def __init__(self) -> None:
        self.asked: list[pb.ClientMessage] = []
        self.records: list[content_pb2.ContentRecord] = []

    async def ask(self, message: pb.ClientMessage) -> pb.ServerMessage:
        self.asked.append(message)
        if message.HasField("read_content"):
            after = message.read_content.after_sequence
            missed = [each for each in self.records if each.sequence > after]
            page = content_pb2.ContentPage(records=missed[:2], more=len(missed) > 2)
            return pb.ServerMessage(content_page=page)
        return pb.ServerMessage(ack=pb.Ack())


def content_of(appliance: Appliance, happened: list[Event]) -> Content:
    trusted = trust_in(None, "")
    return Content(appliance.ask, happened.append, Transfers(appliance.ask, "https://a", trusted))


def line(
    content_id: str, sequence: int, text: str, revision: int = 1, first_sequence: int = 0
) -> content_pb2.ContentRecord:
    record = content_pb2.ContentRecord(
        id=content_id,
        sequence=sequence,
        first_sequence=first_sequence or sequence,
        kind=content_pb2.CONTENT_KIND_CHAT,
        revision=revision,
    )
    if text:
        record.clear.chat.text = text
    else:
        record.deletion = content_pb2.CONTENT_DELETION_BY_AUTHOR
    return record


def added(record: content_pb2.ContentRecord) -> pb.ServerMessage:
    return pb.ServerMessage(content_added=content_pb2.ContentAdded(record=record))


def test_lines_stand_in_the_order_in_which_they_were_said_as_they_are_now() -> None:
    happened: list[Event] = []
    content = content_of(Appliance(), happened)
    for record in (line("b", 2, "two"), line("a", 1, "one"), line("a", 3, "uno", 2, 1), line("a", 1, "one")):
        content.took(added(record))
    assert [each.text for each in content.chat.lines] == ["uno", "two"]
    content.took(added(line("b", 4, "", 1, 2)))
    assert [(each.text, each.deleted) for each in content.chat.lines] == [("uno", False), ("", True)]
    assert [type(each) for each in happened] == [ChatSaid, ChatSaid, ChatChanged, ChatChanged]
    content.took(pb.ServerMessage(content_delivered=content_pb2.ContentDelivered(id="a")))
    assert content.chat.lines[0].delivered


def test_signs_are_told_and_those_of_a_later_version_passed_over() -> None:
    happened: list[Event] = []
    content = content_of(Appliance(), happened)
    for sign in (content_pb2.REACTION_SIGN_CLAP, 99):
        record = content_pb2.ContentRecord(kind=content_pb2.CONTENT_KIND_REACTION, sender_display_name="Ann")
        record.clear.reaction.sign = sign  # type: ignore[assignment]
        content.took(added(record))
    assert happened == [ReactionShown("", "Ann", ReactionSign.CLAP)]


def test_files_are_told_and_their_keys_not_shown() -> None:
    happened: list[Event] = []
    content = content_of(Appliance(), happened)
    record = content_pb2.ContentRecord(id="f", sequence=1, first_sequence=1, kind=content_pb2.CONTENT_KIND_FILE)
    record.clear.file.CopyFrom(content_pb2.SharedFile(file_id="u", name="plan.pdf", size=5, content_key=b"k" * 32))
    content.took(added(record))
    content.took(added(record))
    (shared,) = content.files.shared
    assert (shared.name, shared.size, shared.content_key) == ("plan.pdf", 5, b"k" * 32)
    assert "kkk" not in repr(shared)
    record.ClearField("clear")
    record.deletion = content_pb2.CONTENT_DELETION_BY_HOST
    content.took(added(record))
    assert happened == [FileShared(shared), FileTakenBack(shared)]
    assert content.files.shared == ()


@pytest.mark.parametrize("text", ["", "x" * 4001])
async def test_a_line_that_no_appliance_takes_is_not_sent(text: str) -> None:
    appliance = Appliance()
    with pytest.raises(ValueError, match="1 to 4000"):
        await content_of(appliance, []).chat.send(text)
    assert appliance.asked == []
