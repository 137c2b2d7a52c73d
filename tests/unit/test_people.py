"""Lobby, waiting for the host, members, lock, removal, muting and roles: the rules, in simulated time."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest

from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.invites import Invite
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import Admission, Room
from conclave.services.meetings.errors import (
    LastHost,
    MeetingLocked,
    MeetingOver,
    MembersOnly,
    NotHost,
    ParticipantNotFound,
    RemovedBefore,
    RoomFull,
    SessionLost,
)
from conclave.services.meetings.lobby import MAX_WAITING
from conclave.services.meetings.model import EndReason, Lobby, Meeting, Participant, SourceKind, Waiting, WaitReason
from conclave.services.meetings.moderation import Moderation
from conclave.services.meetings.register import Actor
from conclave.services.meetings.service import GRACE_NS, MeetingService
from conclave.services.meetings.watch import CAPACITY, MeetingWatch

from .test_meetings import START, Core, MemoryStore, Observer, Time

ADMINISTRATOR = Actor("administrator:local")
OPEN = Admission()
LOBBY = Admission(lobby=True)
WAIT = Admission(wait_for_host=True)


class PeopleLog(Observer):
    """Tells what it is told, as lines."""

    def admitted(self, participant: Participant) -> None:
        self.log.append(f"admitted {participant.display_name}")

    def waiting_changed(self, waiting: Waiting) -> None:
        self.log.append(f"{waiting.display_name} waits for {waiting.reason.name}")

    def waiting_ended(self, waiting: Waiting, reason: EndReason | None) -> None:
        self.log.append(f"{waiting.display_name} waits no more: {reason.name if reason else 'by choice'}")

    def lobby_changed(self, room_id: str) -> None: ...

    def lock_changed(self, meeting: Meeting) -> None:
        self.log.append(f"locked={meeting.locked}")

    def role_changed(self, meeting: Meeting, participant: Participant) -> None:
        self.log.append(f"{participant.display_name} is {participant.role.name}")

    def muted(self, participant: Participant, by: Participant | None) -> None:
        self.log.append(f"muted {participant.display_name} by {by.display_name if by else 'an administrator'}")

    def room_changed(self, room: Room) -> None: ...


class Sources:
    """The media sessions as far as muting goes."""

    def __init__(self, meetings: MeetingService) -> None:
        self.meetings = meetings

    async def set_sources(self, participant: Participant, states: dict[SourceKind, bool]) -> None:
        await self.meetings.set_active(participant, states)


class House:
    def __init__(self, admission: Admission = OPEN, limit: int = 12) -> None:
        self.time, self.log = Time(), list[str]()
        self.store, self.core = MemoryStore(self.log), Core(self.log)
        self.meetings = MeetingService(self.store, self.core, self.time.utc, self.time.monotonic_ns)
        observer = PeopleLog(self.log)
        self.meetings.observe(observer)
        self.meetings.observe_people(observer)
        self.rules = Moderation(self.meetings, self.store, Sources(self.meetings))
        self.room = Room("board", "Board", ProtectionMode.MANAGED, limit, START, admission)
        self.tokens: dict[str, str] = {}
        self._numbers = itertools.count()

    async def come(
        self, name: str, role: Role = Role.PARTICIPANT, member: bool = False, invite_id: str = ""
    ) -> Participant | Waiting:
        """Somebody comes with an invite of their own, or with the one named."""
        own = invite_id or f"invite{next(self._numbers)}"
        invite = Invite("board", own, role, START, START, None, name if member else "")
        person, self.tokens[name] = await self.meetings.join(self.room, invite, "" if member else name)
        return person

    async def join(self, name: str, role: Role = Role.PARTICIPANT, member: bool = False) -> Participant:
        person = await self.come(name, role, member)
        assert isinstance(person, Participant)
        return person

    async def wait(self, name: str, member: bool = False) -> Waiting:
        person = await self.come(name, member=member)
        assert isinstance(person, Waiting)
        return person

    async def host(self, name: str = "Host") -> Participant:
        return await self.join(name, Role.HOST)

    async def change(self, **policy: bool) -> None:
        """The room's policy is changed, as RoomService tells it."""
        self.room = replace(self.room, admission=replace(self.room.admission, **policy))
        await self.meetings.room_changed(self.room)

    def people(self) -> list[str]:
        meeting = self.meetings.meeting_in("board")
        return [] if meeting is None else [p.display_name for p in meeting.participants.values()]

    def waiting(self) -> list[str]:
        return [waiting.display_name for waiting in self.meetings.waiting_in("board")]

    def take_log(self) -> list[str]:
        taken, self.log[:] = list(self.log), []
        return taken


async def test_guests_wait_in_the_lobby_hosts_and_members_come_in() -> None:
    house = House(LOBBY)
    early = await house.wait("Early")
    assert early.reason is WaitReason.HOST_ABSENT
    await house.host()
    await house.join("Anna Berg", member=True)
    assert early.reason is WaitReason.LOBBY
    assert (await house.wait("Guest")).reason is WaitReason.LOBBY
    assert (house.people(), house.waiting()) == (["Host", "Anna Berg"], ["Early", "Guest"])


async def test_a_personal_invite_fixes_the_name_and_two_bearers_are_both_shown() -> None:
    house = House()
    laptop, phone = [await house.come("Anna Berg", member=True, invite_id="personal") for _ in range(2)]
    assert isinstance(laptop, Participant)
    assert isinstance(phone, Participant)
    assert laptop.id != phone.id
    assert laptop.subject_id == phone.subject_id == "member:personal"
    assert laptop.member
    assert not (await house.join("Guest")).member
    assert house.people() == ["Anna Berg", "Anna Berg", "Guest"]


async def test_an_admitted_one_keeps_id_and_token_and_everybody_is_told() -> None:
    house = House(LOBBY)
    host, guest = await house.host(), await house.wait("Guest")
    house.take_log()
    (admitted,) = await house.rules.admit(Actor.of(host), "board", [guest.id, "gone"])
    assert house.take_log() == [
        "store admit ['Guest'] opens=False by participant",
        "changed Guest CONNECTING",
        "admitted Guest",
    ]
    assert (admitted.id, house.meetings.resume(house.tokens["Guest"])) == (guest.id, admitted)
    assert house.waiting() == []
    assert await house.rules.admit(Actor.of(host), "board", [guest.id]) == []


async def test_admit_all_seats_the_longest_waiting_and_one_admission_is_all_or_none() -> None:
    house = House(LOBBY, limit=3)
    host = Actor.of(await house.host())
    people = [await house.wait(f"G{index}") for index in range(3)]
    with pytest.raises(RoomFull, match=r"no seats for 3 more \(1 of 3\)"):
        await house.rules.admit(host, "board", [person.id for person in people])
    assert house.people() == ["Host"]
    await house.rules.admit_all(host, "board")
    assert (house.people(), house.waiting()) == (["Host", "G0", "G1"], ["G2"])
    with pytest.raises(RoomFull, match="no seat left"):
        await house.rules.admit_all(host, "board")


async def test_an_administrator_may_admit_before_any_meeting() -> None:
    house = House(LOBBY)
    guest = await house.wait("Guest")
    await house.rules.admit(ADMINISTRATOR, "board", [guest.id])
    assert house.people() == ["Guest"]


async def test_one_turned_away_is_out_and_may_not_resume() -> None:
    house = House(LOBBY)
    host, guest = await house.host(), await house.wait("Guest")
    house.take_log()
    await house.rules.turn_away(Actor.of(host), "board", [guest.id])
    assert house.take_log() == ["store stop ['Guest'] by participant", "Guest waits no more: TURNED_AWAY"]
    with pytest.raises(SessionLost):
        house.meetings.resume(house.tokens["Guest"])


async def test_participants_wait_for_a_host_and_come_in_with_one() -> None:
    house = House(WAIT)
    await house.wait("Anna", member=True)
    await house.wait("Guest")
    assert house.people() == []
    await house.host()
    assert (house.people(), house.waiting()) == (["Host", "Anna", "Guest"], [])


async def test_with_a_lobby_too_the_host_still_decides_about_guests() -> None:
    house = House(Admission(lobby=True, wait_for_host=True))
    await house.wait("Anna", member=True)
    guest = await house.wait("Guest")
    await house.host()
    assert (house.people(), house.waiting()) == (["Host", "Anna"], ["Guest"])
    assert guest.reason is WaitReason.LOBBY


async def test_making_a_host_lets_in_who_waits_for_one_and_losing_the_last_is_told() -> None:
    house = House(WAIT)
    host = await house.host()
    anna = await house.join("Anna")
    await house.meetings.leave(host)
    late = await house.wait("Late")
    await house.rules.set_role(ADMINISTRATOR, house.meetings.meetings()[0].name, anna.id, Role.HOST)
    assert house.people() == ["Anna", "Late"]
    await house.change(lobby=True)
    guest = await house.wait("Guest")
    house.take_log()
    await house.meetings.leave(anna)
    assert guest.reason is WaitReason.HOST_ABSENT
    assert house.take_log()[-1] == "Guest waits for HOST_ABSENT"
    assert late.id in house.meetings.meetings()[0].participants


async def test_a_changed_policy_decides_anew_about_who_waits() -> None:
    house = House(LOBBY)
    await house.host()
    await house.wait("Guest")
    await house.change(lobby=False)
    assert house.people() == ["Host", "Guest"]
    await house.change(lobby=True)
    await house.wait("Other")
    await house.change(members_only=True)
    assert house.waiting() == []
    assert "Other waits no more: TURNED_AWAY" in house.take_log()


async def test_a_members_only_room_refuses_who_is_not_named_hosts_included() -> None:
    house = House(Admission(members_only=True))
    for role in Role:
        with pytest.raises(MembersOnly, match="personal invite"):
            await house.come("Guest", role)
    assert (await house.join("Anna Berg", member=True)).member


async def test_a_locked_meeting_takes_hosts_and_whom_a_host_admits() -> None:
    house = House(LOBBY)
    host, guest = await house.host(), await house.wait("Guest")
    name = house.meetings.meetings()[0].name
    await house.rules.set_lock(Actor.of(host), name, True)
    for member in (False, True):
        with pytest.raises(MeetingLocked, match="unlock"):
            await house.come("New", member=member)
    await house.host("Second")
    # Switching the lobby off does not let anybody into a locked meeting.
    await house.change(lobby=False)
    assert house.waiting() == ["Guest"]
    await house.rules.admit(Actor.of(host), "board", [guest.id])
    assert house.people() == ["Host", "Second", "Guest"]
    house.meetings.detach(host)
    assert house.meetings.resume(house.tokens["Host"]) is host
    await house.rules.set_lock(Actor.of(host), name, False)
    await house.join("New", member=True)


async def test_a_lock_ends_with_its_meeting() -> None:
    house = House()
    host = await house.host()
    await house.rules.set_lock(Actor.of(host), house.meetings.meetings()[0].name, True)
    await house.meetings.leave(host)
    await house.join("New")


async def test_one_removed_is_cut_first_and_does_not_come_back() -> None:
    house = House()
    host, anna = await house.host(), await house.come("Anna Berg", member=True, invite_id="personal")
    assert isinstance(anna, Participant)
    anna.transport_id = "t1"
    name = house.meetings.meetings()[0].name
    house.take_log()
    await house.rules.remove(Actor.of(host), name, anna.id)
    assert house.take_log() == [
        "core delete t1",
        "store remove ['Anna Berg'] ends=False by participant",
        "left Anna Berg REMOVED",
    ]
    with pytest.raises(SessionLost):
        house.meetings.resume(house.tokens["Anna Berg"])
    with pytest.raises(RemovedBefore, match="the next one"):
        await house.come("Anna Berg", member=True, invite_id="personal")
    await house.meetings.leave(host)
    assert isinstance(await house.come("Anna Berg", member=True, invite_id="personal"), Participant)


async def test_after_a_removal_a_shared_invite_needs_a_hosts_admission() -> None:
    house = House()
    host = await house.host()
    rude = await house.come("Rude", invite_id="shared")
    await house.rules.remove(Actor.of(host), house.meetings.meetings()[0].name, rude.id)
    again = await house.come("Polite", invite_id="shared")
    assert isinstance(again, Waiting)
    await house.change(lobby=False)
    assert house.waiting() == ["Polite"]
    await house.rules.admit(Actor.of(host), "board", [again.id])
    assert house.people() == ["Host", "Polite"]


async def test_muting_spares_hosts_and_silence_and_people_unmute_themselves() -> None:
    house = House()
    host, second = await house.host(), await house.host("Second")
    anna, bob = await house.join("Anna"), await house.join("Bob")
    for person in (host, second, anna):
        await house.meetings.set_active(person, {SourceKind.MICROPHONE: True, SourceKind.CAMERA: True})
    name = house.meetings.meetings()[0].name
    assert await house.rules.mute_all(Actor.of(host), name) == [anna]
    assert house.take_log()[-1] == "muted Anna by Host"
    assert (anna.active, bob.active) == ({SourceKind.CAMERA}, frozenset())
    await house.meetings.set_active(anna, {SourceKind.MICROPHONE: True})
    assert SourceKind.MICROPHONE in anna.active
    assert await house.rules.mute(ADMINISTRATOR, name, [second.id, "gone"]) == [second]


async def test_a_host_hands_over_and_the_last_one_stays_host() -> None:
    house = House()
    host, anna = await house.host(), await house.join("Anna")
    name = house.meetings.meetings()[0].name
    with pytest.raises(LastHost, match="make somebody else a host first"):
        await house.rules.set_role(Actor.of(host), name, host.id, Role.PARTICIPANT)
    await house.rules.set_role(Actor.of(host), name, anna.id, Role.HOST)
    assert [host.role, anna.role] == [Role.HOST, Role.HOST]
    await house.rules.set_role(Actor.of(host), name, host.id, Role.PARTICIPANT)
    with pytest.raises(NotHost):
        await house.rules.set_lock(Actor.of(host), name, True)
    await house.rules.set_lock(Actor.of(anna), name, True)


async def test_nobody_but_hosts_decides_about_others() -> None:
    house = House(LOBBY)
    await house.host()
    member = await house.join("Anna Berg", member=True)
    guest = await house.wait("Guest")
    actor, name = Actor.of(member), house.meetings.meetings()[0].name
    for act in (
        house.rules.admit(actor, "board", [guest.id]),
        house.rules.admit_all(actor, "board"),
        house.rules.turn_away(actor, "board", [guest.id]),
        house.rules.remove(actor, name, member.id),
        house.rules.mute(actor, name, [member.id]),
        house.rules.mute_all(actor, name),
        house.rules.set_lock(actor, name, True),
        house.rules.set_role(actor, name, member.id, Role.HOST),
    ):
        with pytest.raises(NotHost, match="only a host"):
            await act
    assert (house.people(), house.waiting()) == (["Host", "Anna Berg"], ["Guest"])


async def test_a_host_has_no_say_in_another_room_nor_after_leaving() -> None:
    house = House(LOBBY)
    host, guest = await house.host(), await house.wait("Guest")
    with pytest.raises(NotHost):
        await house.rules.admit_all(Actor.of(host), "other")
    await house.meetings.leave(host)
    with pytest.raises(MeetingOver):
        await house.rules.admit(Actor.of(host), "board", [guest.id])


async def test_acts_on_nobody_or_on_oneself_are_refused() -> None:
    house = House()
    host = await house.host()
    name = house.meetings.meetings()[0].name
    with pytest.raises(InvalidArgument, match="leave the meeting"):
        await house.rules.remove(Actor.of(host), name, host.id)
    with pytest.raises(ParticipantNotFound):
        await house.rules.remove(Actor.of(host), name, "gone")
    with pytest.raises(ParticipantNotFound):
        await house.rules.set_role(Actor.of(host), name, "gone", Role.HOST)
    await house.meetings.leave(host)
    with pytest.raises(MeetingOver, match="does not go on"):
        await house.rules.set_lock(ADMINISTRATOR, name, True)


async def test_one_who_waits_may_lose_the_connection_for_thirty_seconds() -> None:
    house = House(LOBBY)
    guest = await house.wait("Guest")
    house.meetings.detach(guest)
    house.time.now_ns += GRACE_NS - 1
    await house.meetings.expire()
    assert house.meetings.resume(house.tokens["Guest"]) is guest
    house.meetings.detach(guest)
    house.time.now_ns += GRACE_NS
    await house.meetings.expire()
    assert house.waiting() == []
    assert house.take_log()[-1] == "Guest waits no more: TIMED_OUT"


async def test_a_restart_takes_up_who_waits() -> None:
    before = House(LOBBY)
    guest = await before.wait("Guest")
    after = House(LOBBY)
    after.store.lobbies = [Lobby(before.room, {guest.id: guest})]
    await after.meetings.restore()
    assert not guest.attached
    assert after.meetings.resume(before.tokens["Guest"]) is guest
    await after.host()
    await after.rules.admit_all(ADMINISTRATOR, "board")
    assert after.people() == ["Host", "Guest"]


async def test_ending_the_meeting_or_the_room_or_the_invite_ends_the_waiting() -> None:
    house = House(LOBBY)
    host = await house.host()
    await house.wait("One")
    await house.meetings.end_as_participant(host)
    assert "One waits no more: ENDED" in house.take_log()
    two = await house.wait("Two")
    await house.meetings.invite_revoked("board", two.invite_id)
    assert "Two waits no more: TURNED_AWAY" in house.take_log()
    await house.wait("Three")
    await house.meetings.room_deleted("board")
    assert house.waiting() == []


async def test_a_lobby_has_an_end() -> None:
    house = House(LOBBY)
    for index in range(MAX_WAITING):
        await house.wait(f"G{index}")
    with pytest.raises(RoomFull, match="wait for rooms/board already"):
        await house.wait("Late")


async def test_an_act_is_carried_out_though_its_caller_gives_up() -> None:
    house = House(LOBBY)
    await house.host()
    guest = await house.wait("Guest")
    began, go_on, admit = asyncio.Event(), asyncio.Event(), house.store.admit

    async def slowly(*arguments: object) -> None:
        began.set()
        await go_on.wait()
        await admit(*arguments)  # type: ignore[arg-type]

    house.store.admit = slowly  # type: ignore[method-assign]
    call = asyncio.ensure_future(house.rules.admit(ADMINISTRATOR, "board", [guest.id]))
    await began.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    go_on.set()
    async with house.meetings.register.turn:
        assert house.people() == ["Host", "Guest"]


class Rooms:
    def __init__(self, house: House) -> None:
        self.house = house

    async def get(self, room_id: str) -> Room:
        return self.house.room


async def test_a_watcher_gets_a_snapshot_then_events_and_again_a_snapshot_when_behind() -> None:
    house = House(LOBBY)
    watch = MeetingWatch(house.meetings.register, Rooms(house), house.time.utc)
    house.meetings.observe(watch)
    house.meetings.observe_people(watch)
    events = watch.events("board")
    first = await anext(events)
    assert first.snapshot is not None
    assert (first.snapshot.meeting, first.snapshot.waiting) == (None, ())
    guest = await house.wait("Guest")
    assert [person.display_name for person in (await anext(events)).waiting] == ["Guest"]
    host = await house.host()
    began, came = await anext(events), await anext(events)
    assert began.meeting is not None
    assert came.participant is not None
    assert (began.meeting.end_time, came.participant.display_name) == (None, "Host")
    assert (await anext(events)).waiting[0].reason is WaitReason.LOBBY
    await house.rules.set_lock(Actor.of(host), house.meetings.meetings()[0].name, True)
    locked = (await anext(events)).meeting
    assert locked is not None
    assert locked.locked
    for index in range(CAPACITY + 1):
        await house.meetings.set_active(host, {SourceKind.CAMERA: index % 2 == 0})
    behind = (await anext(events)).snapshot
    assert behind is not None
    assert behind.meeting is not None
    assert [person.display_name for person in behind.meeting.participants] == ["Host"]
    assert [person.id for person in behind.waiting] == [guest.id]
    await house.meetings.end_as_participant(host)
    told = [await anext(events) for _ in range(3)]
    assert told[1].gone == host.id
    assert told[2].meeting is not None
    assert told[2].meeting.end_time is not None
    await events.aclose()
