"""RoomService over gRPC: translates, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from conclave.services.domain.callers import Permission
from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import parse_invite_name, parse_room_name, room_name
from conclave.services.domain.invites import Invite
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import Admission, Room, RoomChanges
from conclave.services.invites.service import CreatedLink, InviteService
from conclave.services.rooms.service import RoomService
from conclave.services.rpc.authentication import current_caller
from conclave.services.rpc.server import RpcService
from conclave.v1 import rooms_pb2 as pb
from conclave.v1 import rooms_pb2_grpc as pb_grpc

__all__ = ["RoomServicer", "link_to_proto", "room_rpc_service", "room_to_proto", "timestamp"]

PERMISSIONS = {
    "CreateRoom": Permission.WRITE_ROOMS,
    "GetRoom": Permission.READ_ROOMS,
    "ListRooms": Permission.READ_ROOMS,
    "UpdateRoom": Permission.WRITE_ROOMS,
    "DeleteRoom": Permission.WRITE_ROOMS,
    "CreateInvite": Permission.WRITE_INVITES,
    "ListInvites": Permission.READ_INVITES,
    "RevokeInvite": Permission.WRITE_INVITES,
    "GetRoomLink": Permission.READ_ROOM_LINKS,
    "ReplaceRoomLink": Permission.WRITE_ROOM_LINKS,
    "RevokeRoomLink": Permission.WRITE_ROOM_LINKS,
}
# What an update may name; the values are of the request's room.
UPDATES: dict[str, Callable[[pb.Room], dict[str, Any]]] = {
    "display_name": lambda room: {"display_name": room.display_name},
    "max_participants": lambda room: {"max_participants": room.max_participants},
    "lobby": lambda room: {"lobby": room.lobby},
    "members_only": lambda room: {"members_only": room.members_only},
    "wait_for_host": lambda room: {"wait_for_host": room.wait_for_host},
}


class RoomServicer(pb_grpc.RoomServiceServicer):
    """Rooms and the invites into them."""

    def __init__(self, rooms: RoomService, invites: InviteService) -> None:
        self._rooms = rooms
        self._invites = invites

    async def CreateRoom(self, request: pb.CreateRoomRequest, context: Any) -> pb.Room:
        room = await self._rooms.create(
            current_caller(),
            request.room_id,
            request.room.display_name,
            _protection_mode(request.room.protection_mode),
            request.room.max_participants,
            Admission(request.room.lobby, request.room.members_only, request.room.wait_for_host),
        )
        return room_to_proto(room)

    async def GetRoom(self, request: pb.GetRoomRequest, context: Any) -> pb.Room:
        return room_to_proto(await self._rooms.get(parse_room_name(request.name)))

    async def ListRooms(self, request: pb.ListRoomsRequest, context: Any) -> pb.ListRoomsResponse:
        page = await self._rooms.list(request.page_size, request.page_token)
        return pb.ListRoomsResponse(
            rooms=[room_to_proto(room) for room in page.items], next_page_token=page.next_page_token
        )

    async def UpdateRoom(self, request: pb.UpdateRoomRequest, context: Any) -> pb.Room:
        room_id = parse_room_name(request.room.name)
        return room_to_proto(await self._rooms.update(current_caller(), room_id, _changes(request)))

    async def DeleteRoom(self, request: pb.DeleteRoomRequest, context: Any) -> pb.DeleteRoomResponse:
        await self._rooms.delete(current_caller(), parse_room_name(request.name))
        return pb.DeleteRoomResponse()

    async def CreateInvite(self, request: pb.CreateInviteRequest, context: Any) -> pb.Invite:
        created = await self._invites.create(
            current_caller(),
            parse_room_name(request.parent),
            _role(request.role),
            _duration(request.ttl) if request.HasField("ttl") else None,
            request.display_name,
        )
        return invite_to_proto(created.invite, created.url)

    async def ListInvites(self, request: pb.ListInvitesRequest, context: Any) -> pb.ListInvitesResponse:
        page = await self._invites.list(parse_room_name(request.parent), request.page_size, request.page_token)
        return pb.ListInvitesResponse(
            invites=[invite_to_proto(invite) for invite in page.items], next_page_token=page.next_page_token
        )

    async def RevokeInvite(self, request: pb.RevokeInviteRequest, context: Any) -> pb.Invite:
        return invite_to_proto(await self._invites.revoke(current_caller(), parse_invite_name(request.name)))

    async def GetRoomLink(self, request: pb.GetRoomLinkRequest, context: Any) -> pb.RoomLink:
        return link_to_proto(await self._invites.link(parse_room_name(request.parent)))

    async def ReplaceRoomLink(self, request: pb.ReplaceRoomLinkRequest, context: Any) -> pb.RoomLink:
        return link_to_proto(await self._invites.replace_link(current_caller(), parse_room_name(request.parent)))

    async def RevokeRoomLink(self, request: pb.RevokeRoomLinkRequest, context: Any) -> pb.RevokeRoomLinkResponse:
        await self._invites.revoke_link(current_caller(), parse_room_name(request.parent))
        return pb.RevokeRoomLinkResponse()


def room_rpc_service(rooms: RoomService, invites: InviteService) -> RpcService:
    """The service, for a server."""
    servicer = RoomServicer(rooms, invites)
    return RpcService(
        name=pb.DESCRIPTOR.services_by_name["RoomService"].full_name,
        add_to=lambda server: pb_grpc.add_RoomServiceServicer_to_server(servicer, server),
        permissions=PERMISSIONS,
    )


def room_to_proto(room: Room) -> pb.Room:
    """A room as the API tells it."""
    return pb.Room(
        name=room.name,
        display_name=room.display_name,
        protection_mode=pb.ProtectionMode.ValueType(room.protection_mode.value),
        max_participants=room.max_participants,
        create_time=timestamp(room.create_time),
        lobby=room.admission.lobby,
        members_only=room.admission.members_only,
        wait_for_host=room.admission.wait_for_host,
    )


def link_to_proto(link: CreatedLink) -> pb.RoomLink:
    """A room's own link as the API tells it."""
    return pb.RoomLink(
        room=room_name(link.invite.room_id),
        url=link.url,
        dial_code=link.dial_code,
        create_time=timestamp(link.invite.create_time),
    )


def invite_to_proto(invite: Invite, url: str = "") -> pb.Invite:
    """An invite as the API tells it; the link only when it is made."""
    return pb.Invite(
        name=invite.name,
        role=pb.Role.ValueType(invite.role.value),
        create_time=timestamp(invite.create_time),
        expire_time=None if invite.lasting else timestamp(invite.expire_time),
        revoke_time=None if invite.revoke_time is None else timestamp(invite.revoke_time),
        url=url,
        display_name=invite.display_name,
    )


def timestamp(time: datetime) -> Timestamp:
    """A point in time as the API tells it."""
    message = Timestamp()
    message.FromDatetime(time)
    return message


def _changes(request: pb.UpdateRoomRequest) -> RoomChanges:
    room = request.room
    if request.HasField("update_mask"):
        paths = list(UPDATES) if list(request.update_mask.paths) == ["*"] else list(request.update_mask.paths)
    else:
        paths = [field.name for field, _ in room.ListFields() if field.name not in ("name", "create_time")]
    unknown = [path for path in paths if path not in UPDATES]
    if unknown:
        raise InvalidArgument(
            f"{unknown[0][:32]} cannot be changed; update_mask may name {', '.join(UPDATES)}, or be * alone"
        )
    values: dict[str, Any] = {}
    for path in paths:
        values |= UPDATES[path](room)
    return RoomChanges(**values)


def _protection_mode(value: int) -> ProtectionMode | None:
    if value == pb.PROTECTION_MODE_UNSPECIFIED:
        return None
    try:
        return ProtectionMode(value)
    except ValueError:
        raise InvalidArgument("this version does not know that protection mode; choose END_TO_END or MANAGED") from None


def _role(value: int) -> Role:
    if value == pb.ROLE_UNSPECIFIED:
        return Role.PARTICIPANT
    try:
        return Role(value)
    except ValueError:
        roles = "ROLE_HOST, ROLE_PARTICIPANT or ROLE_DEVICE"
        raise InvalidArgument(f"this version does not know that role; choose {roles}") from None


def _duration(duration: Duration) -> timedelta:
    try:
        return timedelta(seconds=duration.seconds, microseconds=duration.nanos // 1000)
    except OverflowError:
        raise InvalidArgument("ttl is out of range; an invite works for one minute to one year") from None
