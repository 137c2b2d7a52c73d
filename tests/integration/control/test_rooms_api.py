"""Rooms, invites and the status over real gRPC, on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from conclave.services.audit.log import BrokenAuditLog, verify_entries
from conclave.services.invites.errors import InviteExpired, InviteInvalid, InviteRevoked
from conclave.services.meetings.models import MeetingRow
from conclave.v1 import rooms_pb2 as pb
from conclave.v1 import system_pb2

MANAGED = pb.PROTECTION_MODE_MANAGED
ADMINISTRATOR = "administrator:local"


async def refused(call: Awaitable[Any], code: grpc.StatusCode) -> str:
    """Awaits a call that must fail with the code; returns what it says."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    assert error.value.code() is code, error.value.details()
    return str(error.value.details())


async def create(api: Any, room_id: str = "board", **room: Any) -> pb.Room:
    request = pb.CreateRoomRequest(room_id=room_id, room=pb.Room(**{"protection_mode": MANAGED, **room}))
    answer: pb.Room = await api.rooms.CreateRoom(request)
    return answer


def token_of(invite: pb.Invite) -> str:
    address, _, token = invite.url.partition("#")
    assert address == "https://meet.example:8443/join"
    return token


async def test_a_room_is_created_told_listed_and_deleted(api: Any) -> None:
    room = await create(api, display_name="The board", max_participants=12)
    assert room.name == "rooms/board"
    assert room.display_name == "The board"
    assert room.create_time.ToDatetime(api.clock.now.tzinfo) == api.clock.now
    assert await api.rooms.GetRoom(pb.GetRoomRequest(name="rooms/board")) == room
    assert list((await api.rooms.ListRooms(pb.ListRoomsRequest())).rooms) == [room]
    await api.rooms.DeleteRoom(pb.DeleteRoomRequest(name="rooms/board"))
    details = await refused(api.rooms.GetRoom(pb.GetRoomRequest(name="rooms/board")), grpc.StatusCode.NOT_FOUND)
    assert "rooms/board does not exist" in details
    assert await api.audit_entries() == [
        ("room.created", ADMINISTRATOR, "rooms/board"),
        ("room.deleted", ADMINISTRATOR, "rooms/board"),
    ]


async def test_an_id_is_taken_once(api: Any) -> None:
    await create(api)
    assert "choose another id" in await refused(create(api), grpc.StatusCode.ALREADY_EXISTS)


async def test_sealed_recordings_are_refused_and_nothing_is_created(api: Any) -> None:
    sealed = create(api, protection_mode=pb.PROTECTION_MODE_END_TO_END_SEALED)
    assert "which has no sealed recordings yet" in await refused(sealed, grpc.StatusCode.FAILED_PRECONDITION)
    assert not (await api.rooms.ListRooms(pb.ListRoomsRequest())).rooms
    assert await api.audit_entries() == []


@pytest.mark.parametrize(
    "room",
    [
        {"protection_mode": pb.PROTECTION_MODE_UNSPECIFIED},
        {"protection_mode": 77},
        {"max_participants": 501},
        {"display_name": "a\nb"},
        {"display_name": "x" * 129},
    ],
)
async def test_a_room_that_makes_no_sense_is_refused(api: Any, room: dict[str, Any]) -> None:
    await refused(create(api, **room), grpc.StatusCode.INVALID_ARGUMENT)


@pytest.mark.parametrize("room_id", ["", "ab", "Board", "rooms/board", "board'; DROP TABLE rooms --"])
async def test_an_id_that_makes_no_sense_is_refused(api: Any, room_id: str) -> None:
    await refused(create(api, room_id), grpc.StatusCode.INVALID_ARGUMENT)
    await refused(api.rooms.GetRoom(pb.GetRoomRequest(name=f"rooms/{room_id}")), grpc.StatusCode.INVALID_ARGUMENT)


async def test_rooms_are_listed_by_name_a_page_at_a_time(api: Any) -> None:
    names = [f"room-{number:02}" for number in range(7)]
    for name in reversed(names):
        await create(api, name)
    seen: list[list[str]] = []
    token = ""
    while True:
        page = await api.rooms.ListRooms(pb.ListRoomsRequest(page_size=3, page_token=token))
        seen.append([room.name.removeprefix("rooms/") for room in page.rooms])
        token = page.next_page_token
        if not token:
            break
    assert seen == [names[:3], names[3:6], names[6:]]
    exact = await api.rooms.ListRooms(pb.ListRoomsRequest(page_size=7))
    assert exact.next_page_token == ""
    for bad in (pb.ListRoomsRequest(page_size=-1), pb.ListRoomsRequest(page_token="x")):
        await refused(api.rooms.ListRooms(bad), grpc.StatusCode.INVALID_ARGUMENT)


async def test_a_room_in_use_is_not_deleted(api: Any) -> None:
    await create(api)

    def start(session: Session) -> None:
        session.add(MeetingRow(tenant_id="d1", id="m" * 16, room_id="board", start_time=api.clock(), end_time=None))

    def end(session: Session) -> None:
        meeting = session.get(MeetingRow, ("d1", "m" * 16))
        assert meeting is not None
        meeting.end_time = api.clock()

    await api.store.run(start)
    assert (await api.system.GetStatus(system_pb2.GetStatusRequest())).meetings == 1
    delete = pb.DeleteRoomRequest(name="rooms/board")
    assert "end the meeting" in await refused(api.rooms.DeleteRoom(delete), grpc.StatusCode.FAILED_PRECONDITION)
    await api.store.run(end)
    await api.rooms.DeleteRoom(delete)
    await refused(api.rooms.DeleteRoom(delete), grpc.StatusCode.NOT_FOUND)


async def test_an_invite_lets_in_until_it_expires(api: Any) -> None:
    await create(api)
    request = pb.CreateInviteRequest(parent="rooms/board", role=pb.ROLE_HOST, ttl=Duration(seconds=3600))
    made = await api.rooms.CreateInvite(request)
    token = token_of(made)
    invite = await api.invites.verify(token)
    assert (invite.room_id, invite.role.name, invite.name) == ("board", "HOST", made.name)
    api.clock.now = invite.expire_time - timedelta(microseconds=1)
    await api.invites.verify(token)
    api.clock.now = invite.expire_time
    with pytest.raises(InviteExpired):
        await api.invites.verify(token)


async def test_an_invite_is_a_participants_for_a_day_unless_said_otherwise(api: Any) -> None:
    await create(api)
    made = await api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board"))
    assert made.role == pb.ROLE_PARTICIPANT
    assert made.expire_time.ToSeconds() - made.create_time.ToSeconds() == 86400


@pytest.mark.parametrize(
    "request_",
    [
        pb.CreateInviteRequest(parent="rooms/board", ttl=Duration(seconds=59)),
        pb.CreateInviteRequest(parent="rooms/board", ttl=Duration(seconds=31536001)),
        pb.CreateInviteRequest(parent="rooms/board", ttl=Duration(seconds=-1)),
        pb.CreateInviteRequest(parent="rooms/board", ttl=Duration()),
        pb.CreateInviteRequest(parent="rooms/board", ttl=Duration(seconds=2**62)),
        pb.CreateInviteRequest(parent="rooms/board", role=9),  # type: ignore[arg-type]
        pb.CreateInviteRequest(parent="board"),
    ],
)
async def test_an_invite_that_makes_no_sense_is_refused(api: Any, request_: pb.CreateInviteRequest) -> None:
    await create(api)
    await refused(api.rooms.CreateInvite(request_), grpc.StatusCode.INVALID_ARGUMENT)


async def test_a_revoked_invite_lets_nobody_in(api: Any) -> None:
    await create(api)
    made = await api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board"))
    revoked = await api.rooms.RevokeInvite(pb.RevokeInviteRequest(name=made.name))
    assert revoked.revoke_time.ToDatetime(api.clock.now.tzinfo) == api.clock.now
    assert revoked.url == ""
    with pytest.raises(InviteRevoked):
        await api.invites.verify(token_of(made))
    api.clock.now += timedelta(hours=1)
    assert await api.rooms.RevokeInvite(pb.RevokeInviteRequest(name=made.name)) == revoked
    acts = [act for act, _, _ in await api.audit_entries()]
    assert acts == ["room.created", "invite.created", "invite.revoked"]


async def test_an_invite_is_revoked_under_its_own_room_only(api: Any) -> None:
    await create(api)
    await create(api, "other")
    made = await api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board"))
    for name in (made.name.replace("board", "other"), "rooms/board/invites/aaaaaaaaaaaaaaaa"):
        await refused(api.rooms.RevokeInvite(pb.RevokeInviteRequest(name=name)), grpc.StatusCode.NOT_FOUND)
    await api.invites.verify(token_of(made))


async def test_invites_die_with_their_room(api: Any) -> None:
    await create(api)
    made = await api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board"))
    await api.rooms.DeleteRoom(pb.DeleteRoomRequest(name="rooms/board"))
    await create(api)
    with pytest.raises(InviteInvalid):
        await api.invites.verify(token_of(made))


async def test_invites_are_listed_newest_first_without_their_links(api: Any) -> None:
    await create(api)
    made = []
    for number in range(5):
        # Two of them in the same instant: the id decides, and no page repeats or loses one.
        if number != 3:
            api.clock.now += timedelta(seconds=1)
        made.append(await api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board")))
    expected = sorted(made, key=lambda invite: (invite.create_time.ToNanoseconds(), invite.name), reverse=True)
    seen: list[pb.Invite] = []
    token = ""
    while True:
        page = await api.rooms.ListInvites(pb.ListInvitesRequest(parent="rooms/board", page_size=2, page_token=token))
        seen += page.invites
        token = page.next_page_token
        if not token:
            break
    assert [invite.name for invite in seen] == [invite.name for invite in expected]
    assert {invite.url for invite in seen} == {""}
    nowhere = pb.ListInvitesRequest(parent="rooms/nowhere")
    await refused(api.rooms.ListInvites(nowhere), grpc.StatusCode.NOT_FOUND)


async def test_what_cannot_be_audited_does_not_happen(api: Any) -> None:
    await create(api)
    made = await api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board"))
    before = await api.audit_entries()
    api.audit.broken = True
    for call in (
        create(api, "second"),
        api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board")),
        api.rooms.RevokeInvite(pb.RevokeInviteRequest(name=made.name)),
        api.rooms.DeleteRoom(pb.DeleteRoomRequest(name="rooms/board")),
    ):
        details = await refused(call, grpc.StatusCode.INTERNAL)
        assert "no space" not in details
    assert [room.name for room in (await api.rooms.ListRooms(pb.ListRoomsRequest())).rooms] == ["rooms/board"]
    listed = (await api.rooms.ListInvites(pb.ListInvitesRequest(parent="rooms/board"))).invites
    assert [(invite.name, invite.HasField("revoke_time")) for invite in listed] == [(made.name, False)]
    assert await api.audit_entries() == before


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET actor = 'nobody'", "DELETE FROM audit_entries"])
async def test_the_database_refuses_to_change_the_audit_log(api: Any, change: str) -> None:
    await create(api)
    with pytest.raises(DatabaseError, match="never changed"):
        await api.store.run(lambda session: session.execute(text(change)) and None)
    assert len(await api.audit_entries()) == 1


async def test_an_audit_log_changed_behind_the_triggers_is_found(api: Any) -> None:
    for room_id in ("one", "two", "three"):
        await create(api, room_id)

    def verify(session: Session) -> int:
        return verify_entries(session, "d1")

    assert await api.store.run(verify) == 3

    def change(session: Session) -> None:
        dialect = session.get_bind().dialect.name
        drop = (
            "ALTER TABLE audit_entries DISABLE TRIGGER ALL"
            if dialect == "postgresql"
            else "DROP TRIGGER audit_entries_no_update"
        )
        session.execute(text(drop))
        session.execute(text("UPDATE audit_entries SET resource = 'rooms/elsewhere' WHERE sequence = 1"))

    await api.store.run(change)
    with pytest.raises(BrokenAuditLog, match="entry 1 was altered"):
        await api.store.run(verify)


async def test_the_status_tells_what_control_knows(api: Any) -> None:
    status = await api.system.GetStatus(system_pb2.GetStatusRequest())
    assert (status.deployment_id, status.version) == ("d1", "1.2.3")
    key = Ed25519PublicKey.from_public_bytes(status.identity_key)
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert status.identity_fingerprint == hashlib.sha256(encoded).hexdigest()
    assert [(process.name, process.healthy) for process in status.processes] == [
        ("conclave-control", True),
        ("conclave-core", False),
    ]
    assert not status.HasField("core")


async def test_times_are_those_of_the_clock(api: Any) -> None:
    assert isinstance(api.clock(), datetime)
    room = await create(api)
    assert room.create_time.ToMicroseconds() == int(api.clock().timestamp() * 1_000_000 + 0.5)
