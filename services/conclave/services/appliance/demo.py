"""The demo's room, and invites into it for synthetic participants and for the one who looks at them."""

from __future__ import annotations

import importlib.util

import grpc
from google.protobuf.duration_pb2 import Duration

from conclave.services.appliance.admin import connect, status_of
from conclave.services.appliance.errors import StartFailed
from conclave.services.appliance.layout import Layout
from conclave.services.demo.orders import DEMO_ROOM, DemoAway, DemoRefused, give_order
from conclave.v1 import rooms_pb2, rooms_pb2_grpc

__all__ = ["check_demo_packages", "make_demo_invites", "open_demo"]

CALL_SECONDS = 10.0
FIRST_GUESTS = 3
# All guests that there are, and some people who look at them.
MAX_PARTICIPANTS = 20
# Guests come back with their invites for as long as the appliance runs.
GUEST_INVITE_SECONDS = 30 * 86400


def check_demo_packages() -> None:
    """Raises StartFailed when what the demo needs is not installed."""
    missing = [name for name in ("aiortc", "av", "numpy") if importlib.util.find_spec(name) is None]
    if missing:
        raise StartFailed(
            f"the demo needs {', '.join(missing)}: start it with ./appliance/up --demo, which installs it"
        )


def open_demo(layout: Layout) -> rooms_pb2.Invite:
    """Makes the demo's room if it is not there, and has the first guests meet in it; returns a host's invite."""
    with connect(layout) as channel:
        rooms = rooms_pb2_grpc.RoomServiceStub(channel)
        _invite_first_guests(layout, rooms)
        request = rooms_pb2.CreateInviteRequest(parent=f"rooms/{DEMO_ROOM}", role=rooms_pb2.ROLE_HOST)
        return rooms.CreateInvite(request, timeout=CALL_SECONDS)


def make_demo_invites(rooms: rooms_pb2_grpc.RoomServiceStub, room: str, count: int) -> list[str]:
    """Links for guests, one each: who is removed cannot use the same again. Makes the demo's own room if need be."""
    if room == DEMO_ROOM:
        _make_room(rooms)
    request = rooms_pb2.CreateInviteRequest(
        parent=f"rooms/{room}", role=rooms_pb2.ROLE_PARTICIPANT, ttl=Duration(seconds=GUEST_INVITE_SECONDS)
    )
    return [rooms.CreateInvite(request, timeout=CALL_SECONDS).url for _ in range(count)]


def _invite_first_guests(layout: Layout, rooms: rooms_pb2_grpc.RoomServiceStub) -> None:
    try:
        # A demo that runs already stays as it is.
        if not give_order(layout.demo_socket, "status"):
            invites = make_demo_invites(rooms, DEMO_ROOM, FIRST_GUESTS)
            give_order(layout.demo_socket, "add", room=DEMO_ROOM, invites=invites)
    except (DemoAway, DemoRefused, TimeoutError) as error:
        raise StartFailed(f"the demo did not begin: {error}; see {layout.log}/conclave-demo.log") from error


def _make_room(rooms: rooms_pb2_grpc.RoomServiceStub) -> None:
    room = rooms_pb2.Room(
        display_name="Demo",
        protection_mode=rooms_pb2.PROTECTION_MODE_MANAGED,
        max_participants=MAX_PARTICIPANTS,
    )
    try:
        rooms.CreateRoom(rooms_pb2.CreateRoomRequest(room_id=DEMO_ROOM, room=room), timeout=CALL_SECONDS)
    except grpc.RpcError as error:
        # From an earlier demo.
        if status_of(error) is not grpc.StatusCode.ALREADY_EXISTS:
            raise
