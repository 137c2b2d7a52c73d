"""End-to-end groups of real MLS members, of another implementation than ours, through a real control process."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

import grpc
import grpc.aio
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mls_rs_uniffi import Error as MlsError
from tests.database import stored_values
from tests.interop.peers import MlsRsPeer
from tests.memory import found_in_memory

from conclave.services.domain.protection import ProtectionMode
from conclave.services.mls.policy import GroupPolicy
from conclave.v1 import groups_pb2, rooms_pb2, signalling_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalling.conftest import Appliance, Client

CAPABLE = ("lobby", "end-to-end")


class Vouched:
    """What control said of a participant, in the place of a deployment's key."""

    def __init__(self, identity: groups_pb2.MeetingIdentity) -> None:
        self._identity = identity

    def vouch(self, participant_id: str, identity_key: bytes) -> tuple[bytes, bytes]:
        return self._identity.statement, self._identity.statement_signature


class Member:
    """Somebody with a connection, an identity and a leaf."""

    def __init__(self, name: str, appliance: Appliance, connections: AsyncExitStack) -> None:
        self.name, self._appliance, self._connections = name, appliance, connections
        self.identity_key = Ed25519PrivateKey.generate()
        self.id = self.token = ""
        self.client: Client
        self.peer: MlsRsPeer
        self.sequence = 0
        self.heard: list[bytes] = []
        self.secrets: list[bytes] = [self.identity_key.private_bytes_raw()]

    async def connect(self, **credential: str) -> signalling_pb2.Welcome:
        self.client = await self._connections.enter_async_context(self._appliance.connect())
        hello = signalling_pb2.Hello(min_version=1, max_version=1, capabilities=CAPABLE, **credential)  # type: ignore[arg-type]
        return (await self.client.ask(hello=hello)).welcome

    async def join(self, invite: str) -> None:
        await self.connect(invite_token=invite)
        key = self.identity_key.public_key().public_bytes_raw()
        answer = await self.client.ask(join=signalling_pb2.Join(display_name=self.name, identity_key=key))
        self.id, self.token = self.client.id, self.client.token
        self.peer = MlsRsPeer(Vouched(answer.joined.identity), self.id, self.identity_key)
        entering = groups_pb2.EnterGroup(key_package=self.peer.key_package())
        assert (await self.client.ask(enter_group=entering)).HasField("ack")

    async def resume(self) -> None:
        welcome = await self.connect(resume_token=self.token)
        assert welcome.resumed.participant_id == self.id

    async def found(self) -> bytes:
        await self.event("found_requested")
        group_id = b"\1" + GroupPolicy(ProtectionMode.END_TO_END).hash() + secrets.token_bytes(16)
        self.peer.found(group_id)
        answer = await self.client.ask(found_group=groups_pb2.FoundGroup(group_id=group_id))
        assert answer.HasField("ack"), answer.error.message
        self.keep_secret()
        return group_id

    async def asked(self, wanted: Callable[[groups_pb2.CommitRequested], bool]) -> groups_pb2.CommitRequested:
        """Waits until control asks for a commit."""

        def fits(message: signalling_pb2.ServerMessage) -> bool:
            return message.HasField("commit_requested") and wanted(message.commit_requested)

        return (await self.client.event(fits)).commit_requested

    async def send(self, group_id: bytes, message: bytes, welcome: bytes = b"") -> str:
        """Sends a handshake; "" when it was taken, and otherwise the error's code."""
        body = groups_pb2.SendHandshake(group_id=group_id, message=message, welcome=welcome)
        answer = await self.client.ask(send_handshake=body)
        code = signalling_pb2.ErrorCode.Name(answer.error.code).removeprefix("ERROR_CODE_")
        return code if answer.HasField("error") else ""

    async def take_welcome(self) -> None:
        welcome = (await self.event("group_welcome")).group_welcome
        self.peer.join(welcome.welcome)
        self.sequence = welcome.sequence
        self.keep_secret()

    async def take_handshake(self) -> None:
        self.take((await self.event("group_handshake")).group_handshake)

    def take(self, handshake: groups_pb2.GroupHandshake) -> None:
        assert handshake.sequence == self.sequence + 1
        self.heard.append(handshake.message)
        self.peer.process(handshake.message)
        self.sequence = handshake.sequence
        self.keep_secret()

    async def read(self, group_id: bytes) -> list[groups_pb2.GroupHandshake]:
        request = groups_pb2.ReadHandshakes(group_id=group_id, after_sequence=self.sequence)
        return list((await self.client.ask(read_handshakes=request)).handshakes.handshakes)

    async def event(self, name: str) -> signalling_pb2.ServerMessage:
        return await self.client.event(lambda message: message.WhichOneof("body") == name)

    def keep_secret(self) -> None:
        self.secrets.append(self.peer.base_key())


@pytest.fixture
async def connections() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def three_in_a_group(appliance: Appliance, connections: AsyncExitStack) -> tuple[bytes, list[Member]]:
    """Anna founds a group and adds ben and cleo, whom control asks for together."""
    tokens = await appliance.make_room(mode=rooms_pb2.PROTECTION_MODE_END_TO_END)
    members = [Member(name, appliance, connections) for name in ("anna", "ben", "cleo")]
    for member in members:
        await member.join(tokens["host"])
    anna, ben, cleo = members
    group_id = await anna.found()
    asked = await anna.asked(lambda asked: len(asked.add) == 2)
    assert [entrant.participant_id for entrant in asked.add] == [ben.id, cleo.id]
    message, welcome = anna.peer.add(*(entrant.key_package for entrant in asked.add))
    assert await anna.send(group_id, message, welcome) == ""
    await anna.take_handshake()
    for late in (ben, cleo):
        await late.take_welcome()
    assert len({member.peer.base_key() for member in members}) == 1
    return group_id, members


async def test_three_members_agree_and_one_who_leaves_is_out_though_control_is_killed(
    appliance: Appliance, connections: AsyncExitStack
) -> None:
    group_id, (anna, ben, cleo) = await three_in_a_group(appliance, connections)
    before = anna.peer.base_key()
    assert (await cleo.client.ask(leave=signalling_pb2.Leave())).HasField("ack")
    assert list((await anna.asked(lambda asked: bool(asked.remove))).remove) == [2]
    # Before she can answer, control is gone; what it knew of the group is in the database.
    appliance.kill("control")
    await asyncio.gather(anna.client.ended(), ben.client.ended())
    appliance.start_control()
    await anna.resume()
    await ben.resume()
    asked = await anna.asked(lambda asked: True)
    assert (asked.group_id, asked.epoch, list(asked.remove)) == (group_id, 1, [2])
    assert await anna.send(group_id, anna.peer.commit()) == "HANDSHAKE_REFUSED", "a commit without the removal"
    # mls-rs has that commit pending until it takes another one: ben's, who is asked after a second.
    await ben.asked(lambda asked: list(asked.remove) == [2])
    removal = ben.peer.remove(cleo.peer.signing_identity)
    assert await ben.send(group_id, removal) == ""
    for member in (anna, ben):
        await member.take_handshake()
    after = anna.peer.base_key()
    assert (ben.peer.base_key(), after == before) == (after, False)
    # Whether her client sees that she is out or makes nothing of it: she stays behind.
    with suppress(MlsError):
        cleo.peer.process(removal)
    assert cleo.peer.base_key() == before


async def test_of_two_commits_in_one_epoch_one_wins_and_all_agree(
    appliance: Appliance, connections: AsyncExitStack
) -> None:
    group_id, (anna, ben, cleo) = await three_in_a_group(appliance, connections)
    await cleo.client.ask(leave=signalling_pb2.Leave())
    await anna.asked(lambda asked: list(asked.remove) == [2])
    removals = [member.peer.remove(cleo.peer.signing_identity) for member in (anna, ben)]
    # The next leaf is asked when the first has said nothing for a second.
    await ben.asked(lambda asked: list(asked.remove) == [2])
    answers = await asyncio.gather(
        *(m.send(group_id, removal) for m, removal in zip((anna, ben), removals, strict=True))
    )
    assert sorted(answers) == ["", "STALE_EPOCH"]
    for member in (anna, ben):
        await member.take_handshake()
    assert anna.heard[-1] == ben.heard[-1] == removals[answers.index("")]
    assert anna.peer.base_key() == ben.peer.base_key()


async def test_one_under_removal_who_keeps_racing_with_commits_changes_nothing(
    appliance: Appliance, connections: AsyncExitStack
) -> None:
    group_id, (anna, ben, cleo) = await three_in_a_group(appliance, connections)
    # As if it were for her to say who goes.
    racing = cleo.peer.remove(anna.peer.signing_identity)
    answers: list[str] = []
    raced = asyncio.Event()

    async def race() -> None:
        with suppress(ConnectionError, grpc.aio.AioRpcError, asyncio.InvalidStateError):
            while True:
                answers.append(await cleo.send(group_id, racing))
                raced.set()

    races = asyncio.create_task(race())
    await raced.wait()
    removed = signalling_pb2.Remove(participant_id=cleo.id)
    assert (await anna.client.ask(remove=removed)).HasField("ack")
    await anna.asked(lambda asked: list(asked.remove) == [2])
    assert await anna.send(group_id, anna.peer.remove(cleo.peer.signing_identity)) == ""
    for member in (anna, ben):
        await member.take_handshake()
    assert anna.peer.base_key() == ben.peer.base_key() != cleo.peer.base_key()
    # Her connection ends with the removal; until then she was told each time.
    await races
    assert "" not in answers


async def test_one_who_was_away_reads_what_it_missed_in_order(
    appliance: Appliance, connections: AsyncExitStack
) -> None:
    group_id, (anna, ben, cleo) = await three_in_a_group(appliance, connections)
    ben.client.close()
    await cleo.client.ask(leave=signalling_pb2.Leave())
    await anna.asked(lambda asked: list(asked.remove) == [2])
    assert await anna.send(group_id, anna.peer.remove(cleo.peer.signing_identity)) == ""
    await anna.take_handshake()
    await ben.resume()
    missed = await ben.read(group_id)
    for handshake in missed:
        ben.take(handshake)
    assert ben.peer.base_key() == anna.peer.base_key()
    assert await ben.read(group_id) == []


async def test_control_holds_public_messages_and_no_secret_of_any_member(
    appliance: Appliance, connections: AsyncExitStack
) -> None:
    group_id, (anna, ben, cleo) = await three_in_a_group(appliance, connections)
    await cleo.client.ask(leave=signalling_pb2.Leave())
    await anna.asked(lambda asked: list(asked.remove) == [2])
    assert await anna.send(group_id, anna.peer.remove(cleo.peer.signing_identity)) == ""
    for member in (anna, ben):
        await member.take_handshake()
    # A private message could do anything, unseen.
    private = anna.peer.group.encrypt_application_message(b"to whom it may concern").to_bytes()
    assert await anna.send(group_id, private) == "INVALID_REQUEST"
    kept = {secret for member in (anna, ben, cleo) for secret in member.secrets}
    assert len(kept) >= 3 + 3
    pid = appliance.processes["control"].pid
    # The search finds what control does have.
    assert found_in_memory(pid, [group_id, anna.heard[-1]]) == {group_id, anna.heard[-1]}
    assert found_in_memory(pid, sorted(kept)) == set()
    appliance.kill("control")
    stored = database(appliance)
    assert anna.heard[0] in stored["mls_handshakes"]
    assert not [secret for secret in kept for values in stored.values() for value in values if secret in value]
    for file in appliance.directory.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not [secret for secret in kept if secret in content], file.name
    # All of it goes with the meeting, at the latest with the next start.
    appliance.start_control()
    await anna.resume()
    await anna.client.ask(end_meeting=signalling_pb2.EndMeeting())
    await anna.client.ended()
    appliance.kill("control")
    appliance.start_control()
    assert len(await appliance.list_meetings(show_ended=True)) == 1
    appliance.kill("control")
    assert {name: len(values) for name, values in database(appliance).items() if name.startswith("mls_")} == {
        "mls_groups": 0,
        "mls_leaves": 0,
        "mls_entrants": 0,
        "mls_handshakes": 0,
    }


def database(appliance: Appliance) -> dict[str, list[bytes]]:
    own = appliance.state / "control"
    return stored_values(own / "conclave.db", own / "database.key")
