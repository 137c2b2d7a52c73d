"""How the Python client comes in and comes back, against an appliance whose answers a test decides."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from conclave.client import errors, session
from conclave.client.invitation import Invitation
from conclave.client.line import LineLost
from conclave.client.people import EndReason
from conclave.client.session import Session
from conclave.v1 import meetings_pb2, rooms_pb2
from conclave.v1 import signalling_pb2 as pb

MANAGED = rooms_pb2.Room(name="rooms/a", protection_mode=rooms_pb2.PROTECTION_MODE_MANAGED)


class Appliance:
    """Hands out lines; `tell` of the last one is an event, None its loss."""

    def __init__(self) -> None:
        self.asked: list[pb.ClientMessage] = []
        self.refusals: dict[str, list[int]] = {}
        self.room = MANAGED
        self.reachable = True
        self.loses: list[str] = []
        self.local = False
        self.opened = 0

    @asynccontextmanager
    async def open_line(self, *arguments: object) -> AsyncIterator[Appliance]:
        self.tell: Callable[[pb.ServerMessage | None], None] = arguments[2]  # type: ignore[assignment]
        if not self.reachable:
            raise LineLost("it cannot be reached")
        self.opened += 1
        yield self

    async def ask(self, message: pb.ClientMessage) -> pb.ServerMessage:
        copy = pb.ClientMessage()
        copy.CopyFrom(message)
        self.asked.append(copy)
        body = message.WhichOneof("body") or ""
        if body in self.loses:
            self.loses.remove(body)
            self.tell(None)
            raise LineLost("lost")
        if self.refusals.get(body):
            code = self.refusals[body].pop(0)
            raise errors.refusal(pb.Error(code=code, message="no"))  # type: ignore[arg-type]
        if body == "hello":
            welcome = pb.Welcome(room=self.room)
            if message.hello.resume_token:
                welcome.resumed.participant_id = "me"
            return pb.ServerMessage(welcome=welcome)
        if body == "join":
            return pb.ServerMessage(joined=pb.Joined(participant_id="me", resume_token="again"))
        return pb.ServerMessage(ack=pb.Ack())

    def requests(self) -> list[str]:
        return [each.WhichOneof("body") or "" for each in self.asked]


class Owner:
    def __init__(self) -> None:
        self.happened: list[str] = []
        self.news = asyncio.Event()

    def welcomed(self, room: rooms_pb2.Room) -> None:
        pass

    def waits(self, waiting: pb.Waiting) -> None:
        self._add("waits")

    def entered(self, joined: pb.Joined, resumed: bool) -> None:
        self._add("resumed" if resumed else "entered")

    def took(self, message: pb.ServerMessage) -> None:
        self._add(message.WhichOneof("body") or "")

    def lost(self) -> None:
        self._add("lost")

    async def sees(self, *happened: str) -> None:
        """Returns once just this has happened."""
        async with asyncio.timeout(5):
            while self.happened != list(happened):
                self.news.clear()
                await self.news.wait()

    def _add(self, what: str) -> None:
        self.happened.append(what)
        self.news.set()


@pytest.fixture
def appliance(monkeypatch: pytest.MonkeyPatch) -> Appliance:
    appliance = Appliance()
    monkeypatch.setattr(session, "open_line", appliance.open_line)
    monkeypatch.setattr(session, "wait_before", lambda attempt, chance: 0.0)
    return appliance


@asynccontextmanager
async def running(
    owner: Owner, name: str = "Ann", patience: float = math.inf
) -> AsyncIterator[tuple[Session, asyncio.Task[None]]]:
    made = Session(Invitation("https://a", "token", ""), name, None, patience, owner)  # type: ignore[arg-type]
    task = asyncio.create_task(made.run())
    yield made, task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_comes_in_and_back_as_the_same_participant(appliance: Appliance) -> None:
    owner = Owner()
    async with running(owner) as (made, _):
        await owner.sees("entered")
        appliance.tell(None)
        await owner.sees("entered", "lost", "resumed")
        assert appliance.asked[-1].hello.resume_token == "again"
        await made.ask(pb.ClientMessage(ping=pb.Ping()))
    assert appliance.requests() == ["hello", "join", "hello", "ping"]


async def test_whose_session_is_gone_comes_in_as_somebody_new(appliance: Appliance) -> None:
    owner = Owner()
    async with running(owner):
        await owner.sees("entered")
        appliance.refusals["hello"] = [pb.ERROR_CODE_UNAVAILABLE, pb.ERROR_CODE_SESSION_LOST]
        appliance.tell(None)
        await owner.sees("entered", "lost", "lost", "lost", "entered")
    assert [each.hello.WhichOneof("credential") for each in appliance.asked if each.HasField("hello")] == [
        "invite_token",
        "resume_token",
        "resume_token",
        "invite_token",
    ]


async def test_a_request_whose_answer_was_lost_is_made_again(appliance: Appliance) -> None:
    owner = Owner()
    async with running(owner) as (made, _):
        await owner.sees("entered")
        appliance.loses = ["set_hand"]
        await made.ask(pb.ClientMessage(set_hand=pb.SetHand(raised=True)))
    assert appliance.requests() == ["hello", "join", "set_hand", "hello", "set_hand"]


async def test_who_waits_is_let_in(appliance: Appliance) -> None:
    owner = Owner()
    async with running(owner) as (made, _):
        await owner.sees("entered")
        asking = asyncio.create_task(made.ask(pb.ClientMessage(ping=pb.Ping())))
        appliance.tell(pb.ServerMessage(waiting=pb.Waiting(reason=meetings_pb2.WAIT_REASON_LOBBY)))
        appliance.tell(pb.ServerMessage(joined=pb.Joined(participant_id="me")))
        await owner.sees("entered", "waits", "entered")
        await asking


@pytest.mark.parametrize(
    "mode", [rooms_pb2.PROTECTION_MODE_END_TO_END, rooms_pb2.PROTECTION_MODE_END_TO_END_SEALED, 99]
)
async def test_an_end_to_end_room_is_refused_and_never_joined(appliance: Appliance, mode: int) -> None:
    appliance.room = rooms_pb2.Room(name="rooms/a", protection_mode=mode)  # type: ignore[arg-type]
    async with running(Owner()) as (made, task):
        with pytest.raises(errors.EndToEndRoom, match="keys"):
            await task
        with pytest.raises(errors.EndToEndRoom):
            await made.ask(pb.ClientMessage(ping=pb.Ping()))
    assert appliance.requests() == ["hello"]


@pytest.mark.parametrize(
    ("request_name", "code", "expected"),
    [
        ("hello", pb.ERROR_CODE_INVITE_INVALID, errors.InviteInvalid),
        ("hello", pb.ERROR_CODE_INVITE_EXPIRED, errors.InviteExpired),
        ("hello", pb.ERROR_CODE_INVITE_REVOKED, errors.InviteRevoked),
        ("hello", pb.ERROR_CODE_UNAVAILABLE, errors.Unavailable),
        ("join", pb.ERROR_CODE_ROOM_FULL, errors.RoomFull),
        ("join", pb.ERROR_CODE_MEETING_LOCKED, errors.MeetingLocked),
        ("join", pb.ERROR_CODE_MEMBERS_ONLY, errors.MembersOnly),
        ("join", pb.ERROR_CODE_REMOVED, errors.Removed),
        ("join", pb.ERROR_CODE_INVALID_REQUEST, errors.Refused),
    ],
)
async def test_who_is_not_let_in_is_told_why(
    appliance: Appliance, request_name: str, code: int, expected: type[errors.Refused]
) -> None:
    appliance.refusals[request_name] = [code]
    async with running(Owner()) as (_, task):
        with pytest.raises(expected):
            await task
    assert appliance.opened == 1


async def test_without_a_name_nobody_joins(appliance: Appliance) -> None:
    async with running(Owner(), name=" ") as (_, task):
        with pytest.raises(errors.NameNeeded):
            await task
    assert appliance.requests() == ["hello"]


async def test_an_appliance_that_does_not_answer_is_told_at_once(appliance: Appliance) -> None:
    appliance.reachable = False
    async with running(Owner()) as (_, task):
        with pytest.raises(errors.Unreachable, match="cannot be reached"):
            await task


async def test_patience_ends(appliance: Appliance) -> None:
    owner = Owner()
    async with running(owner, patience=0.0) as (_, task):
        await owner.sees("entered")
        appliance.reachable = False
        appliance.tell(None)
        with pytest.raises(errors.Unreachable, match="has not answered"):
            await task


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (meetings_pb2.END_REASON_ENDED, EndReason.ENDED),
        (meetings_pb2.END_REASON_REMOVED, EndReason.REMOVED),
        (meetings_pb2.END_REASON_TURNED_AWAY, EndReason.TURNED_AWAY),
        (meetings_pb2.END_REASON_TIMED_OUT, EndReason.TIMED_OUT),
    ],
)
async def test_the_end_is_the_end(
    appliance: Appliance, reason: meetings_pb2.EndReason.ValueType, expected: EndReason
) -> None:
    owner = Owner()
    async with running(owner) as (made, task):
        await owner.sees("entered")
        appliance.tell(pb.ServerMessage(meeting_ended=pb.MeetingEnded(reason=reason)))
        with pytest.raises(errors.MeetingOver) as over:
            await task
        assert over.value.reason is expected
        with pytest.raises(errors.MeetingOver):
            await made.ask(pb.ClientMessage(ping=pb.Ping()))
    assert owner.happened == ["entered"]


async def test_a_session_that_another_connection_has_taken_is_over(appliance: Appliance) -> None:
    owner = Owner()
    async with running(owner) as (_, task):
        await owner.sees("entered")
        appliance.tell(pb.ServerMessage(error=pb.Error(code=pb.ERROR_CODE_REPLACED, message="elsewhere")))
        with pytest.raises(errors.Replaced):
            await task
