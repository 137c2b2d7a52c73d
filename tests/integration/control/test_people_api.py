"""A room's policy, personal invites and a room's own link over gRPC, on both databases."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from conclave.services.invites.errors import InviteInvalid, InviteRevoked
from conclave.v1 import rooms_pb2 as pb


async def make_room(api: Any, **policy: bool) -> pb.Room:
    room = pb.Room(protection_mode=pb.PROTECTION_MODE_MANAGED, **policy)  # type: ignore[arg-type]
    made: pb.Room = await api.rooms.CreateRoom(pb.CreateRoomRequest(room_id="board", room=room))
    return made


async def change(api: Any, *paths: str, **values: Any) -> pb.Room:
    mask = FieldMask(paths=paths) if paths else None
    request = pb.UpdateRoomRequest(room=pb.Room(name="rooms/board", **values), update_mask=mask)
    changed: pb.Room = await api.rooms.UpdateRoom(request)
    return changed


async def refused(call: Any, code: grpc.StatusCode) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    assert error.value.code() is code
    return str(error.value.details())


def token_of(url: str) -> str:
    return url.partition("#")[2]


async def test_an_update_changes_what_its_mask_names_and_is_audited(api: Any) -> None:
    made = await make_room(api, lobby=True)
    assert (made.lobby, made.members_only, made.wait_for_host) == (True, False, False)
    changed = await change(api, "lobby", "max_participants", max_participants=7, wait_for_host=True)
    assert (changed.lobby, changed.wait_for_host, changed.max_participants) == (False, False, 7)
    # Without a mask, what is set counts (AIP-134): a false is not.
    changed = await change(api, wait_for_host=True, display_name="Board")
    assert (changed.lobby, changed.wait_for_host, changed.max_participants) == (False, True, 7)
    changed = await change(api, "*", members_only=True)
    assert (changed.display_name, changed.max_participants, changed.wait_for_host) == ("board", 100, False)
    assert await api.rooms.GetRoom(pb.GetRoomRequest(name="rooms/board")) == changed
    acts = [act for act, _, _ in await api.audit_entries()]
    assert acts == ["room.created", "room.updated", "room.updated", "room.updated"]


@pytest.mark.parametrize("path", ["protection_mode", "name", "create_time", "nonsense"])
async def test_what_never_changes_is_refused(api: Any, path: str) -> None:
    await make_room(api)
    detail = await refused(
        change(api, path, protection_mode=pb.PROTECTION_MODE_MANAGED), grpc.StatusCode.INVALID_ARGUMENT
    )
    assert "cannot be changed" in detail
    await refused(change(api, "max_participants", max_participants=501), grpc.StatusCode.INVALID_ARGUMENT)


async def test_an_unknown_room_is_not_updated(api: Any) -> None:
    await refused(change(api, "lobby", lobby=True), grpc.StatusCode.NOT_FOUND)


async def test_a_personal_invite_names_its_bearer(api: Any) -> None:
    await make_room(api)
    made = await api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board", display_name=" Anna Berg "))
    assert made.display_name == "Anna Berg"
    invite = await api.invites.verify(token_of(made.url))
    assert (invite.display_name, invite.subject_id) == ("Anna Berg", f"member:{invite.invite_id}")
    listed = await api.rooms.ListInvites(pb.ListInvitesRequest(parent="rooms/board"))
    assert [each.display_name for each in listed.invites] == ["Anna Berg"]
    await refused(
        api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board", display_name="a\nb")),
        grpc.StatusCode.INVALID_ARGUMENT,
    )


async def test_a_members_only_room_has_personal_invites_only(api: Any) -> None:
    await make_room(api, members_only=True)
    nobody = api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board"))
    assert "name the person" in await refused(nobody, grpc.StatusCode.FAILED_PRECONDITION)
    await api.rooms.CreateInvite(pb.CreateInviteRequest(parent="rooms/board", display_name="Anna Berg"))


async def test_an_end_to_end_room_has_no_invites_for_devices(api: Any) -> None:
    await make_room(api)
    room = pb.Room(protection_mode=pb.PROTECTION_MODE_END_TO_END)
    await api.rooms.CreateRoom(pb.CreateRoomRequest(room_id="council", room=room))
    invite = pb.CreateInviteRequest(parent="rooms/council", role=pb.ROLE_DEVICE, display_name="Hall camera")
    assert "end-to-end encrypted" in await refused(api.rooms.CreateInvite(invite), grpc.StatusCode.FAILED_PRECONDITION)
    assert not (await api.rooms.ListInvites(pb.ListInvitesRequest(parent=invite.parent))).invites
    invite.parent = "rooms/board"
    assert token_of((await api.rooms.CreateInvite(invite)).url)


async def test_a_rooms_own_link_lasts_until_it_is_replaced_or_revoked(api: Any) -> None:
    await make_room(api)
    parent = "rooms/board"
    await refused(api.rooms.GetRoomLink(pb.GetRoomLinkRequest(parent=parent)), grpc.StatusCode.NOT_FOUND)
    first = await api.rooms.ReplaceRoomLink(pb.ReplaceRoomLinkRequest(parent=parent))
    assert await api.rooms.GetRoomLink(pb.GetRoomLinkRequest(parent=parent)) == first
    api.clock.now = api.clock.now.replace(year=api.clock.now.year + 100)
    invite = await api.invites.verify(token_of(first.url))
    code = first.dial_code
    assert (len(code), code.isdecimal()) == (9, True)
    for typed in (code, f"{code[:3]} {code[3:6]} {code[6:]}", f"{code[:3]}-{code[3:]}"):
        assert await api.invites.verify_dial_code(typed) == invite
    listed = await api.rooms.ListInvites(pb.ListInvitesRequest(parent=parent))
    assert not listed.invites[0].HasField("expire_time")
    second = await api.rooms.ReplaceRoomLink(pb.ReplaceRoomLinkRequest(parent=parent))
    with pytest.raises(InviteRevoked):
        await api.invites.verify(token_of(first.url))
    with pytest.raises(InviteInvalid):
        await api.invites.verify_dial_code(code)
    await api.rooms.RevokeRoomLink(pb.RevokeRoomLinkRequest(parent=parent))
    with pytest.raises(InviteInvalid):
        await api.invites.verify_dial_code(second.dial_code)
    await refused(api.rooms.RevokeRoomLink(pb.RevokeRoomLinkRequest(parent=parent)), grpc.StatusCode.NOT_FOUND)
    acts = [act for act, _, _ in await api.audit_entries()]
    assert acts == ["room.created", "invite.created", "invite.revoked", "invite.created", "invite.revoked"]


@pytest.mark.parametrize("typed", ["", "12345678", "1234567890", "12345678x", "\u0661" * 9])
async def test_what_is_no_dial_code_lets_nobody_in(api: Any, typed: str) -> None:
    with pytest.raises(InviteInvalid):
        await api.invites.verify_dial_code(typed)
