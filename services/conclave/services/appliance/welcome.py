"""What a start tells: the address, how to trust it, and the first host's invite."""

from __future__ import annotations

import grpc
from cryptography import x509
from rich.console import Console

from conclave.services.appliance.admin import connect, status_of
from conclave.services.appliance.certificates import fingerprint
from conclave.services.appliance.demo import open_demo
from conclave.services.appliance.layout import Layout
from conclave.services.appliance.settings import Settings
from conclave.v1 import rooms_pb2, rooms_pb2_grpc

__all__ = ["welcome"]

FIRST_ROOM = "first-meeting"
CALL_SECONDS = 10.0


def welcome(console: Console, layout: Layout, settings: Settings, authority: x509.Certificate) -> None:
    """Prints how to use the appliance; on its first start, makes the first room and prints its host's invite."""
    console.print(f"\n[bold]The appliance is up:[/] {settings.public_url}", soft_wrap=True)
    console.print(f"State: {layout.state}", soft_wrap=True)
    console.print(
        "\nBrowsers trust it once they trust its certificate authority; import this file as an authority:",
        soft_wrap=True,
    )
    console.print(f"  {layout.authority}\n  SHA-256 {fingerprint(authority)}", soft_wrap=True)
    if settings.demo:
        demo = open_demo(layout)
        console.print("\n[bold]The demo goes on;[/] come in as a host:")
        console.print(f"  {demo.url}", soft_wrap=True, markup=False, highlight=False)
    if layout.welcomed.exists():
        command = f"conclave --state {layout.state} invite {FIRST_ROOM} --role host"
        console.print(f"\nInvite people with [bold]{command}[/]", soft_wrap=True)
        return
    invite = _first_invite(layout)
    layout.welcomed.touch(mode=0o600)
    expires = invite.expire_time.ToDatetime().strftime("%Y-%m-%d %H:%M UTC")
    console.print(f"\n[bold]The first host's invite[/] (room {FIRST_ROOM}, until {expires}):", soft_wrap=True)
    # Plain, whole and on one line: it is copied, and read by programs.
    console.print(f"  {invite.url}", soft_wrap=True, markup=False, highlight=False)


def _first_invite(layout: Layout) -> rooms_pb2.Invite:
    with connect(layout) as channel:
        rooms = rooms_pb2_grpc.RoomServiceStub(channel)
        room = rooms_pb2.Room(display_name="First meeting", protection_mode=rooms_pb2.PROTECTION_MODE_MANAGED)
        try:
            rooms.CreateRoom(rooms_pb2.CreateRoomRequest(room_id=FIRST_ROOM, room=room), timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            # A start that failed after this point left the room behind.
            if status_of(error) is not grpc.StatusCode.ALREADY_EXISTS:
                raise
        request = rooms_pb2.CreateInviteRequest(parent=f"rooms/{FIRST_ROOM}", role=rooms_pb2.ROLE_HOST)
        return rooms.CreateInvite(request, timeout=CALL_SECONDS)
