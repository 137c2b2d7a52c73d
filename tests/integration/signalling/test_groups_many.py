"""Fifty members of one end-to-end group, through a real control process."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.interop.peers import MlsRsPeer

from conclave.services.domain.protection import ProtectionMode
from conclave.services.mls.policy import GroupPolicy
from conclave.v1 import groups_pb2, meetings_pb2, meetings_pb2_grpc, rooms_pb2, signalling_pb2

if TYPE_CHECKING:
    from signalling.conftest import Appliance, Client

PEOPLE = 50
GROUP_ID = b"\1" + GroupPolicy(ProtectionMode.END_TO_END).hash() + secrets.token_bytes(16)


class Vouched:
    """What control said of a participant, in the place of a deployment's key."""

    def __init__(self, identity: groups_pb2.MeetingIdentity) -> None:
        self._identity = identity

    def vouch(self, participant_id: str, identity_key: bytes) -> tuple[bytes, bytes]:
        return self._identity.statement, self._identity.statement_signature


class Crowd:
    """Members that do what they are asked; told: called after each thing that one of them took."""

    def __init__(self) -> None:
        self.leaves: dict[int, Member] = {}
        self.members: list[Member] = []
        self.commits: list[int] = []
        self.changed = asyncio.Condition()

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, holds: Callable[[], bool]) -> float:
        """Waits until something holds; returns how long that took, seconds."""
        begin = time.monotonic()
        async with asyncio.timeout(120), self.changed:
            await self.changed.wait_for(holds)
        return time.monotonic() - begin

    def epochs(self) -> set[int]:
        return {member.epoch for member in self.members}


class Member:
    """One of the crowd."""

    def __init__(self, crowd: Crowd, client: Client) -> None:
        self.crowd, self.client = crowd, client
        self.epoch = -1
        self.id = ""
        self.peer: MlsRsPeer

    async def come(self, invite: str) -> None:
        hello = signalling_pb2.Hello(
            min_version=1, max_version=1, capabilities=["lobby", "end-to-end"], invite_token=invite
        )
        await self.client.ask(hello=hello)
        identity_key = Ed25519PrivateKey.generate()
        join = signalling_pb2.Join(display_name="Ada", identity_key=identity_key.public_key().public_bytes_raw())
        identity = (await self.client.ask(join=join)).joined.identity
        self.id = self.client.id
        self.peer = MlsRsPeer(Vouched(identity), self.id, identity_key)
        self.crowd.members.append(self)
        entering = groups_pb2.EnterGroup(key_package=self.peer.key_package())
        assert (await self.client.ask(enter_group=entering)).HasField("ack")

    async def obey(self) -> None:
        while True:
            message = await self.client.event(lambda message: True, timeout_s=300)
            match message.WhichOneof("body"):
                case "found_requested":
                    self.peer.found(GROUP_ID)
                    self.epoch = 0
                    await self.client.ask(found_group=groups_pb2.FoundGroup(group_id=GROUP_ID))
                case "commit_requested":
                    await self.commit(message.commit_requested)
                case "group_welcome":
                    self.peer.join(message.group_welcome.welcome)
                    self.epoch = message.group_welcome.epoch
                case "group_handshake":
                    self.peer.process(message.group_handshake.message)
                    self.epoch += 1
                case "meeting_ended":
                    return
                case _:
                    continue
            await self.crowd.tell()

    async def commit(self, asked: groups_pb2.CommitRequested) -> None:
        if asked.epoch != self.epoch:
            return
        if asked.remove:
            gone = [self.crowd.leaves[leaf] for leaf in asked.remove]
            message = self.peer.group.remove_members([member.peer.signing_identity for member in gone])
            commit, welcome = message.commit_message.to_bytes(), b""
        else:
            commit, welcome = self.peer.add(*(entrant.key_package for entrant in asked.add))
        self.crowd.commits.append(len(commit) + len(welcome))
        sent = groups_pb2.SendHandshake(group_id=GROUP_ID, message=commit, welcome=welcome)
        answer = await self.client.ask(send_handshake=sent)
        assert answer.HasField("ack"), answer.error.message


@pytest.fixture
async def connections() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.mark.full
async def test_fifty_people_come_at_once_and_one_leaves(appliance: Appliance, connections: AsyncExitStack) -> None:
    tokens = await appliance.make_room(PEOPLE, rooms_pb2.PROTECTION_MODE_END_TO_END)
    crowd = Crowd()
    async with asyncio.TaskGroup() as tasks:
        began = time.monotonic()
        obeying = []
        for _ in range(PEOPLE):
            member = Member(crowd, await connections.enter_async_context(appliance.connect()))
            await member.come(tokens["participant"])
            obeying.append(tasks.create_task(member.obey()))
        await crowd.until(lambda: len(crowd.epochs()) == 1 and -1 not in crowd.epochs())
        joined_s = time.monotonic() - began
        assert len({member.peer.base_key() for member in crowd.members}) == 1
        # Added in the order in which they came: nobody has left yet.
        crowd.leaves = dict(enumerate(crowd.members))
        added, largest = len(crowd.commits), max(crowd.commits)
        leaver, epoch = crowd.members[-1], crowd.members[0].epoch
        before = leaver.peer.base_key()
        crowd.members.remove(leaver)
        (meeting,) = await appliance.list_meetings()
        async with appliance.channel("control/admin.sock") as channel:
            request = meetings_pb2.RemoveParticipantRequest(name=f"{meeting.name}/participants/{leaver.id}")
            began = time.monotonic()
            await meetings_pb2_grpc.MeetingServiceStub(channel).RemoveParticipant(request)
        await crowd.until(lambda: crowd.epochs() == {epoch + 1})
        removed_s = time.monotonic() - began
        keys = {member.peer.base_key() for member in crowd.members}
        assert len(keys) == 1
        assert before not in keys
        for task in obeying:
            task.cancel()
    print(
        f"{PEOPLE} people joined in {joined_s:.1f} s by {added} commits of at most {largest} bytes with their Welcomes;"
        f" a removal of {crowd.commits[-1]} bytes reached everybody after {removed_s:.2f} s"
    )
    # Those who come within a quarter of a second share a commit.
    assert added < PEOPLE
