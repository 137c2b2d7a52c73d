"""A house whose room is end-to-end encrypted, and its people."""

from __future__ import annotations

import dataclasses

from conclave.services.domain.protection import ProtectionMode
from conclave.services.mls.assembly import BATCH_NS
from conclave.services.mls.identity import Vouched
from conclave.services.mls.policy import GroupPolicy
from conclave.v1 import groups_pb2
from conclave.v1 import signalling_pb2 as pb

from .mls_leaves import Person
from .mls_messages import commit
from .signalling_house import DEPLOYMENT, ROOM, START, Client, Core, House

POLICY = GroupPolicy(ProtectionMode.END_TO_END)
GROUP_ID = b"\1" + POLICY.hash() + bytes(16)
CAPABLE = ("lobby", "end-to-end")
NOW_S = int(START.timestamp())
LIFETIME = {"not_before": bytes(8), "not_after": (NOW_S + 60).to_bytes(8)}


class Guest:
    """A client that takes part in groups."""

    def __init__(self, client: Client, name: str) -> None:
        self.client, self.person = client, Person(DEPLOYMENT, name)

    def vouched_by(self, joined: pb.Joined) -> None:
        key = self.person.identity.public_key().public_bytes_raw()
        self.person.vouched = Vouched(joined.identity.statement, joined.identity.statement_signature, key)

    @property
    def id(self) -> str:
        return self.client.id

    async def enter(self) -> bytes:
        """Enters with a new leaf; returns the KeyPackage as commits name it."""
        key_package = self.person.key_package(**LIFETIME)
        answer = await self.client.ask(enter_group=groups_pb2.EnterGroup(key_package=key_package))
        assert answer.HasField("ack"), answer
        return key_package[4:]

    async def send(self, message: bytes, welcome: bytes = b"", group_id: bytes = GROUP_ID) -> pb.ServerMessage:
        """Sends a handshake; the events that it brings are left for take()."""
        client = self.client
        client.request_id += 1
        body = groups_pb2.SendHandshake(group_id=group_id, message=message, welcome=welcome)
        await client.connection.handle(pb.ClientMessage(request_id=client.request_id, send_handshake=body))
        return client.connection.outbox._frames.pop().message

    async def read(self, group_id: bytes = GROUP_ID, after: int = 0) -> pb.ServerMessage:
        return await self.client.ask(read_handshakes=groups_pb2.ReadHandshakes(group_id=group_id, after_sequence=after))

    def take(self) -> list[str]:
        """What the group's events are."""
        return [name for name in self.client.take_names() if name.startswith(("group", "commit", "found"))]


class Hall(House):
    """A house whose room is end-to-end encrypted."""

    def __init__(self, core: Core | None = None) -> None:
        super().__init__(core)
        self.desk.room = dataclasses.replace(ROOM, protection_mode=ProtectionMode.END_TO_END)

    async def come(self, name: str, invite: str = "invite") -> Guest:
        guest = Guest(self.connect(), name)
        await guest.client.ask(hello=capable(invite_token=invite))
        answer = await guest.client.ask(join=joining(guest.person))
        assert answer.HasField("joined"), answer
        guest.vouched_by(answer.joined)
        return guest

    async def wait(self, ns: int = 0) -> None:
        await self.delivery.attend()
        self.now_ns += ns
        await self.delivery.attend()

    async def group_of(self, *names: str) -> list[Guest]:
        """People in one group, the first at leaf 0, in epoch 1 unless alone."""
        guests = [await self.come(name) for name in names]
        packages = [await guest.enter() for guest in guests]
        await self.wait()
        founded = await guests[0].client.ask(found_group=groups_pb2.FoundGroup(group_id=GROUP_ID))
        assert founded.HasField("ack")
        if len(guests) > 1:
            await self.wait(BATCH_NS)
            message = commit(0, 0, *(b"\0\1" + package for package in packages[1:]), group_id=GROUP_ID)
            assert (await guests[0].send(message, b"welcome")).HasField("ack")
        for guest in guests:
            guest.take()
        return guests


def capable(**credential: str) -> pb.Hello:
    return pb.Hello(min_version=1, max_version=1, capabilities=CAPABLE, **credential)  # type: ignore[arg-type]


def joining(person: Person) -> pb.Join:
    return pb.Join(display_name="Ada", identity_key=person.identity.public_key().public_bytes_raw())
