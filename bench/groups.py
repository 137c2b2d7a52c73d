"""A group of 50 of our own clients, without media: joining one by one, one removal, and the bytes on the wire.

Real control and core processes; the clients' cryptography runs in one Node process, one client after the other. So the
times until everybody has followed are those of one machine that does the work of fifty.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "core", "services", "proto", "tests/integration")]

from tests.interop.web import Driver  # noqa: E402

from conclave.v1 import groups_pb2, identity_pb2, meetings_pb2, meetings_pb2_grpc, rooms_pb2  # noqa: E402
from conclave.v1 import signalling_pb2 as pb  # noqa: E402
from signalling.conftest import Appliance, Client  # noqa: E402


class Crowd:
    """Clients that do what they are asked, in one Node process."""

    def __init__(self, *prefix: str) -> None:
        """prefix: a command that runs Node's."""
        self.driver = Driver(*prefix)
        self.members: list[Member] = []
        self.commits: list[tuple[int, int]] = []
        self.received = 0
        self.process_ms: list[float] = []
        self.changed = asyncio.Condition()
        # One after the other, and not in the thread that hears the appliance.
        self.turn = asyncio.Lock()

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, holds: Callable[[], bool]) -> float:
        """Waits until something holds; returns how long that took, seconds."""
        begin = time.monotonic()
        async with asyncio.timeout(300), self.changed:
            await self.changed.wait_for(holds)
        return time.monotonic() - begin

    def agree(self) -> bool:
        return len({member.epoch for member in self.members}) == 1 and self.members[0].epoch >= 0


class Member:
    """One of the crowd, of whom control vouches."""

    def __init__(self, crowd: Crowd, client: Client, name: str) -> None:
        self.crowd, self.client, self.name = crowd, client, name
        self.epoch = self.committed = -1

    def is_in(self) -> bool:
        """Whether the member follows the group."""
        return self.epoch >= 0

    async def do(self, what: str, **values: object) -> dict[str, Any]:
        async with self.crowd.turn:
            begin = time.monotonic()
            answer = await asyncio.to_thread(self.crowd.driver.ask, self.name, what, **values)
            if what == "process":
                self.crowd.process_ms.append(1000 * (time.monotonic() - begin))
            return answer

    async def come(self, invite: str) -> None:
        capable = pb.Hello(min_version=1, max_version=1, capabilities=["lobby", "end-to-end"], invite_token=invite)
        await self.client.ask(hello=capable)
        identity_key = bytes.fromhex((await self.do("identity"))["identityKey"])
        answer = await self.client.ask(join=pb.Join(display_name=self.name, identity_key=identity_key))
        assert answer.HasField("joined"), answer.error
        vouched = answer.joined.identity
        leaf = await self.do(
            "leaf",
            statement=vouched.statement,
            signature=vouched.statement_signature,
            deploymentKey=vouched.deployment_key,
            meeting=identity_pb2.IdentityStatement.FromString(vouched.statement).meeting,
        )
        self.crowd.members.append(self)
        entering = groups_pb2.EnterGroup(key_package=bytes.fromhex(leaf["keyPackage"]))
        assert (await self.client.ask(enter_group=entering)).HasField("ack")

    async def obey(self) -> None:
        while True:
            message = await self.client.event(lambda message: True, timeout_s=600)
            match message.WhichOneof("body"):
                case "found_requested":
                    founded = await self.do("found")
                    self.epoch = founded["epoch"]
                    self.group_id = bytes.fromhex(founded["groupId"])
                    await self.client.ask(found_group=groups_pb2.FoundGroup(group_id=self.group_id))
                case "commit_requested":
                    await self.commit(message.commit_requested)
                case "group_welcome":
                    await self.join(message)
                case "group_handshake":
                    self.crowd.received += message.ByteSize()
                    processed = await self.do("process", message=message.group_handshake.message)
                    self.epoch = processed["epoch"]
                case "meeting_ended":
                    return
                case _:
                    continue
            await self.crowd.tell()

    async def join(self, welcome: pb.ServerMessage) -> None:
        self.crowd.received += welcome.ByteSize()
        joined = await self.do("join", welcome=welcome.group_welcome.welcome)
        self.epoch, self.group_id = joined["epoch"], bytes.fromhex(joined["groupId"])

    async def commit(self, asked: groups_pb2.CommitRequested) -> None:
        if asked.epoch != self.epoch or asked.epoch == self.committed:
            return
        # What it was asked before may have been refused.
        await self.do("abandon")
        made = await self.do("commit", add=[entrant.key_package for entrant in asked.add], remove=list(asked.remove))
        message, welcome = bytes.fromhex(made["message"]), bytes.fromhex(made.get("welcome", ""))
        sent = groups_pb2.SendHandshake(group_id=self.group_id, message=message, welcome=welcome)
        # Another's may have come first.
        if (await self.client.ask(send_handshake=sent)).HasField("ack"):
            self.committed = asked.epoch
            self.crowd.commits.append((len(message), len(welcome)))


async def measure(appliance: Appliance, people: int) -> dict[str, Any]:
    """Lets them join one by one, and removes one."""
    tokens = await appliance.make_room(people, rooms_pb2.PROTECTION_MODE_END_TO_END)
    crowd, joins = Crowd(), []
    async with AsyncExitStack() as connections, asyncio.TaskGroup() as tasks:
        obeying = []
        for number in range(people):
            member = Member(crowd, await connections.enter_async_context(appliance.connect()), f"member {number}")
            begin = time.monotonic()
            await member.come(tokens["participant"])
            obeying.append(tasks.create_task(member.obey()))
            await crowd.until(member.is_in)
            inside = time.monotonic() - begin
            await crowd.until(crowd.agree)
            joins.append((inside, time.monotonic() - begin))
        joined_bytes, crowd.received = crowd.received, 0
        crowd.process_ms.clear()
        leaver, epoch = crowd.members.pop(), crowd.members[0].epoch
        (meeting,) = await appliance.list_meetings()
        async with appliance.channel("control/admin.sock") as channel:
            stub = meetings_pb2_grpc.MeetingServiceStub(channel)
            name = f"{meeting.name}/participants/{leaver.client.id}"
            begin = time.monotonic()
            await stub.RemoveParticipant(meetings_pb2.RemoveParticipantRequest(name=name))
        first = await crowd.until(lambda: any(member.epoch > epoch for member in crowd.members))
        await crowd.until(lambda: all(member.epoch > epoch for member in crowd.members))
        removed = time.monotonic() - begin
        for task in obeying:
            task.cancel()
    crowd.driver.close()
    adds, removal = crowd.commits[:-1], crowd.commits[-1]
    return {
        "people": people,
        "load_average": os.getloadavg()[0],
        "join": {
            "newcomer_in_group_p50_s": round(statistics.median(each for each, _ in joins), 3),
            "newcomer_in_group_last_s": round(joins[-1][0], 3),
            "everybody_followed_last_s": round(joins[-1][1], 3),
            "all_joins_s": round(sum(each for _, each in joins), 1),
            "last_commit_bytes": adds[-1][0],
            "last_welcome_bytes": adds[-1][1],
            "sent_to_members_in_all_bytes": joined_bytes,
        },
        "removal": {
            "first_member_in_next_epoch_s": round(first, 3),
            "all_followed_s": round(removed, 3),
            "one_member_processes_p50_ms": round(statistics.median(crowd.process_ms), 1),
            "commit_bytes": removal[0],
            "sent_to_members_bytes": crowd.received,
            "of_the_last_addition": round(removal[0] / adds[-1][0], 1),
        },
    }


def main() -> int:
    """Measures, prints the figures, and writes JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=50, help="in the group (default %(default)s)")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cv-") as directory:
        appliance = Appliance(Path(directory))
        appliance.start_core()
        appliance.start_control()
        try:
            figures = asyncio.run(measure(appliance, options.people))
        finally:
            appliance.stop()
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
