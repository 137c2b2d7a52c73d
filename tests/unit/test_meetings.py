"""The rules of meetings, in simulated time and without a database."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import MeetingName
from conclave.services.domain.invites import Invite
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import Room
from conclave.services.media.errors import CoreUnavailable
from conclave.services.meetings.errors import MeetingNotFound, MeetingOver, NotHost, RoomFull, SessionLost
from conclave.services.meetings.model import (
    ConnectionState,
    EndReason,
    Lobby,
    MediaState,
    Meeting,
    MeetingRecord,
    Participant,
    SourceKind,
    Waiting,
    source_id,
    source_owner,
)
from conclave.services.meetings.service import GRACE_NS, MeetingService

START = datetime(2026, 1, 1, tzinfo=UTC)


class Time:
    def __init__(self) -> None:
        self.now_ns = 0

    def utc(self) -> datetime:
        return START + timedelta(microseconds=self.now_ns // 1000)

    def monotonic_ns(self) -> int:
        return self.now_ns


class MemoryStore:
    """What SqlMeetingStore keeps, in dictionaries; `log` has what happened in order."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.records: dict[str, MeetingRecord] = {}
        self.open: list[Meeting] = []
        self.lobbies: list[Lobby] = []

    async def load_open(self) -> list[Meeting]:
        return self.open

    async def join(self, meeting: Meeting, participant: Participant, opens: bool) -> None:
        await asyncio.sleep(0)
        if opens:
            self.records[meeting.id] = MeetingRecord(meeting.name, meeting.start_time, None)
        self.log.append(f"store join {participant.display_name} opens={opens}")

    async def leave(
        self,
        meeting: Meeting,
        participants: Iterable[Participant],
        time: datetime,
        ends: bool,
        removed: bool,
        actor: str,
    ) -> None:
        await asyncio.sleep(0)
        if ends:
            self.records[meeting.id] = MeetingRecord(meeting.name, meeting.start_time, time)
        verb, names = "remove" if removed else "leave", [participant.display_name for participant in participants]
        self.log.append(f"store {verb} {names} ends={ends} by {actor.partition(':')[0]}")

    async def load_lobbies(self) -> list[Lobby]:
        return self.lobbies

    async def knows_key(self, subject_id: str, identity_key: bytes) -> bool:
        return True

    async def wait(self, waiting: Waiting) -> None:
        await asyncio.sleep(0)
        self.log.append(f"store wait {waiting.display_name}")

    async def admit(self, meeting: Meeting, participants: list[Participant], opens: bool, actor: str) -> None:
        await asyncio.sleep(0)
        if opens:
            self.records[meeting.id] = MeetingRecord(meeting.name, meeting.start_time, None)
        names = [participant.display_name for participant in participants]
        self.log.append(f"store admit {names} opens={opens} by {actor.partition(':')[0]}")

    async def stop_waiting(self, waiting: list[Waiting], turned_away_by: str) -> None:
        await asyncio.sleep(0)
        names = [person.display_name for person in waiting]
        self.log.append(f"store stop {names} by {turned_away_by.partition(':')[0] or 'nobody'}")

    async def save_lock(self, meeting: Meeting, locked: bool, actor: str) -> None:
        await asyncio.sleep(0)
        self.log.append(f"store locked={locked}")

    async def save_role(self, meeting: Meeting, participant: Participant, role: Role, actor: str) -> None:
        await asyncio.sleep(0)
        self.log.append(f"store {participant.display_name} is {role.name}")

    async def save_hand(self, participant: Participant, raise_time: datetime | None) -> None:
        await asyncio.sleep(0)
        self.log.append(f"store hand {participant.display_name} {'down' if raise_time is None else 'up'}")

    async def save_media(self, participant: Participant) -> None:
        self.log.append(f"store media {participant.display_name}")

    async def find(self, name: MeetingName) -> MeetingRecord | None:
        return self.records.get(name.meeting_id)

    async def page(
        self, room_id: str | None, show_ended: bool, before: tuple[datetime, str] | None, limit: int
    ) -> list[MeetingRecord]:
        found = sorted(self.records.values(), key=lambda r: (r.start_time, r.name.meeting_id), reverse=True)
        found = [r for r in found if room_id in (None, r.name.room_id) and (show_ended or r.end_time is None)]
        return [r for r in found if before is None or (r.start_time, r.name.meeting_id) < before][:limit]


class Core:
    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.away = False
        self.asked = asyncio.Event()
        # Cleared, it answers nobody.
        self.answers = asyncio.Event()
        self.answers.set()

    async def delete_transport(self, transport_id: str) -> None:
        if self.away:
            raise CoreUnavailable("away")
        self.asked.set()
        await self.answers.wait()
        self.log.append(f"core delete {transport_id}")


class Observer:
    def __init__(self, log: list[str]) -> None:
        self.log = log

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        self.log.append(f"changed {participant.display_name} {participant.connection_state.name}")

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        self.log.append(f"left {participant.display_name} {reason.name if reason else 'by choice'}")


class House:
    def __init__(self) -> None:
        self.time = Time()
        self.log: list[str] = []
        self.store = MemoryStore(self.log)
        self.core = Core(self.log)
        self.meetings = MeetingService(self.store, self.core, self.time.utc, self.time.monotonic_ns)
        self.meetings.observe(Observer(self.log))

    async def join(self, name: str, role: Role = Role.PARTICIPANT, room: str = "board", limit: int = 12) -> Participant:
        return (await self.join_with_token(name, role, room, limit))[0]

    async def join_with_token(
        self, name: str, role: Role = Role.PARTICIPANT, room: str = "board", limit: int = 12
    ) -> tuple[Participant, str]:
        place = Room(room, room, ProtectionMode.MANAGED, limit, START)
        invite = Invite(room, "a" * 16, role, START, START, None)
        return await self.meetings.join(place, invite, name)

    def take_log(self) -> list[str]:
        taken, self.log[:] = list(self.log), []
        return taken


async def test_first_join_opens_the_meeting_and_last_leave_ends_it() -> None:
    house = House()
    ada = await house.join("Ada")
    bob = await house.join("Bob")
    assert ada.meeting_id == bob.meeting_id
    await house.meetings.leave(ada)
    name = house.meetings.meetings()[0].name
    await house.meetings.leave(bob)
    assert house.meetings.meetings() == []
    assert (await house.meetings.get(name)).end_time is not None
    assert house.take_log() == [
        "store join Ada opens=True",
        "changed Ada CONNECTING",
        "store join Bob opens=False",
        "changed Bob CONNECTING",
        "store leave ['Ada'] ends=False by participant",
        "left Ada by choice",
        "store leave ['Bob'] ends=True by participant",
        "left Bob by choice",
    ]
    again = await house.join("Cyd")
    assert again.meeting_id != ada.meeting_id


async def test_simultaneous_first_joins_open_one_meeting() -> None:
    house = House()
    people = await asyncio.gather(*(house.join(f"P{i}") for i in range(5)))
    assert len({participant.meeting_id for participant in people}) == 1
    assert len(house.meetings.meetings()) == 1


async def test_rooms_have_meetings_of_their_own() -> None:
    house = House()
    ada, bob = await house.join("Ada", room="one"), await house.join("Bob", room="two")
    assert ada.meeting_id != bob.meeting_id


async def test_a_full_room_says_what_to_do() -> None:
    house = House()
    await asyncio.gather(*(house.join(f"P{i}", limit=2) for i in range(2)))
    with pytest.raises(RoomFull, match=r"room rooms/board is full \(2 of 2\); raise max_participants"):
        await house.join("Late", limit=2)


async def test_a_seat_is_kept_while_its_participant_may_come_back() -> None:
    house = House()
    ada = await house.join("Ada", limit=1)
    house.meetings.detach(ada)
    with pytest.raises(RoomFull):
        await house.join("Bob", limit=1)


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\u0000b", "a\nb", "\u202eadA", "a\u2028b"])
async def test_bad_display_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidArgument):
        await House().join(name)


@pytest.mark.parametrize(
    ("typed", "shown"), [("  Ada  ", "Ada"), ("x" * 64, "x" * 64), ("李 雷", "李 雷"), ("👩‍💻", "👩‍💻")]
)
async def test_good_display_names_are_trimmed(typed: str, shown: str) -> None:
    assert (await House().join(typed)).display_name == shown


async def test_a_leave_that_waits_for_the_core_holds_up_nobody_else() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    ada.transport_id = "t"
    house.core.answers.clear()
    leaving = asyncio.ensure_future(house.meetings.leave(ada))
    await house.core.asked.wait()
    async with asyncio.timeout(5):
        await house.join("Cyd", room="other")
        await house.join("Dan")
        await house.meetings.leave(bob)
    assert house.meetings.participant(ada.id) is ada
    house.core.answers.set()
    await leaving
    assert house.take_log()[-2:] == ["store leave ['Ada'] ends=False by participant", "left Ada by choice"]


async def test_who_comes_while_the_meeting_is_ended_for_everybody_goes_too() -> None:
    house = House()
    ada = await house.join("Ada", Role.HOST)
    ada.transport_id = "t"
    house.core.answers.clear()
    ending = asyncio.ensure_future(house.meetings.end_as_participant(ada))
    await house.core.asked.wait()
    async with asyncio.timeout(5):
        await house.join("Bob")
    house.core.answers.set()
    await ending
    assert house.meetings.meetings() == []
    assert house.take_log()[-2:] == ["store leave ['Bob'] ends=True by participant", "left Bob ENDED"]


async def test_a_leaver_is_cut_at_the_core_before_anybody_is_told() -> None:
    house = House()
    ada = await house.join("Ada")
    ada.transport_id = "t1"
    house.take_log()
    await house.meetings.leave(ada)
    assert house.take_log() == [
        "core delete t1",
        "store leave ['Ada'] ends=True by participant",
        "left Ada by choice",
    ]
    await house.meetings.leave(ada)
    assert house.take_log() == []


async def test_a_core_that_is_away_does_not_keep_people_in() -> None:
    house = House()
    ada = await house.join("Ada")
    ada.transport_id, house.core.away = "t1", True
    await house.meetings.leave(ada)
    assert house.meetings.participant(ada.id) is None


async def test_only_a_token_hash_is_kept_and_the_token_resumes() -> None:
    house = House()
    ada, token = await house.join_with_token("Ada")
    assert len(token) >= 43
    assert ada.resume_token_hash == hashlib.sha256(token.encode()).digest()
    assert house.meetings.resume(token) is ada
    with pytest.raises(SessionLost, match="join the meeting again"):
        house.meetings.resume(token[:-1])


async def test_a_lost_connection_is_shown_and_ends_in_thirty_seconds() -> None:
    house = House()
    ada, token = await house.join_with_token("Ada")
    house.take_log()
    house.meetings.detach(ada)
    house.meetings.detach(ada)
    assert house.take_log() == ["changed Ada RECONNECTING"]
    house.time.now_ns += GRACE_NS - 1
    await house.meetings.expire()
    assert house.take_log() == []
    house.time.now_ns += 1
    await house.meetings.expire()
    assert house.take_log() == ["store leave ['Ada'] ends=True by conclave-control", "left Ada TIMED_OUT"]
    with pytest.raises(SessionLost):
        house.meetings.resume(token)


async def test_coming_back_in_time_stops_the_clock() -> None:
    house = House()
    ada, token = await house.join_with_token("Ada")
    house.meetings.detach(ada)
    house.time.now_ns += GRACE_NS - 1
    house.meetings.resume(token)
    house.time.now_ns += GRACE_NS
    await house.meetings.expire()
    assert house.meetings.participant(ada.id) is ada


@pytest.mark.parametrize(
    ("attached", "media", "shown"),
    [
        (True, MediaState.NONE, ConnectionState.CONNECTING),
        (True, MediaState.CONNECTED, ConnectionState.CONNECTED),
        (True, MediaState.INTERRUPTED, ConnectionState.RECONNECTING),
        (False, MediaState.CONNECTED, ConnectionState.RECONNECTING),
    ],
)
async def test_connection_state(attached: bool, media: MediaState, shown: ConnectionState) -> None:
    ada = await House().join("Ada")
    ada.attached, ada.media = attached, media
    assert ada.connection_state is shown


async def test_only_a_host_ends_the_meeting_for_everybody() -> None:
    house = House()
    guest, host = await house.join("Guest"), await house.join("Host", Role.HOST)
    guest.transport_id, host.transport_id = "t1", "t2"
    with pytest.raises(NotHost):
        await house.meetings.end_as_participant(guest)
    house.take_log()
    await house.meetings.end_as_participant(host)
    assert house.take_log() == [
        "core delete t1",
        "core delete t2",
        "store leave ['Guest', 'Host'] ends=True by participant",
        "left Guest ENDED",
        "left Host ENDED",
    ]
    with pytest.raises(MeetingOver):
        await house.meetings.end_as_participant(host)


async def test_an_administrator_ends_a_meeting_by_name_and_again_changes_nothing() -> None:
    house = House()
    await house.join("Ada")
    name = house.meetings.meetings()[0].name
    house.take_log()
    record = await house.meetings.end(name, "administrator:local")
    assert record.end_time is not None
    assert house.take_log()[0] == "store leave ['Ada'] ends=True by administrator"
    assert await house.meetings.end(name, "administrator:local") == record
    assert house.take_log() == []
    with pytest.raises(MeetingNotFound):
        await house.meetings.end(MeetingName("board", "b" * 16), "administrator:local")


async def test_sources_that_are_not_named_keep_their_state() -> None:
    house = House()
    ada = await house.join("Ada")
    await house.meetings.set_active(ada, {SourceKind.MICROPHONE: True, SourceKind.CAMERA: True})
    await house.meetings.set_active(ada, {SourceKind.MICROPHONE: False})
    assert ada.active == {SourceKind.CAMERA}


async def test_pages_are_newest_first_and_complete() -> None:
    house = House()
    for index in range(5):
        await house.join("Ada", room=f"room-{index}")
        house.time.now_ns += 1_000_000
    seen, token = [], ""
    while True:
        page = await house.meetings.page(None, True, 2, token)
        assert len(page.items) <= 2
        seen += [record.name.room_id for record in page.items]
        token = page.next_page_token
        if not token:
            break
    assert seen == [f"room-{index}" for index in reversed(range(5))]
    assert all(len(record.participants) == 1 for record in (await house.meetings.page(None, False, 0, "")).items)
    with pytest.raises(InvalidArgument):
        await house.meetings.page(None, True, 2, "forged")


async def test_a_restart_gives_everybody_the_grace_time() -> None:
    before = House()
    ada, token = await before.join_with_token("Ada")
    after = House()
    after.store.open = [*before.meetings.meetings(), Meeting("m" * 16, "empty", START)]
    after.time.now_ns = 7
    await after.meetings.restore()
    # A meeting whose last leave was not stored as its end is ended now.
    assert after.take_log() == ["store leave [] ends=True by conclave-control"]
    assert ada.connection_state is ConnectionState.RECONNECTING
    after.time.now_ns += GRACE_NS - 1
    await after.meetings.expire()
    assert after.meetings.resume(token) is ada


def test_a_source_id_names_its_owner() -> None:
    assert source_id("abc", SourceKind.SCREEN_AUDIO) == "abc/screen_audio"
    assert source_owner("abc/screen_audio") == "abc"
