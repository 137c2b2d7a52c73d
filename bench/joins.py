"""Whether an end-to-end meeting of eight stays smooth while one person joins every second for a minute.

One person in Chromium and one in Firefox, with pictures (320x180 at 8 a second) and sound, and six of our own clients
without media in one Node process: what two cores play of eight people's machines. Each who comes goes again three
seconds later, so that every second brings an addition and a removal, in one epoch or two, and new key frames; or stays
to the end, where `--stay` is longer than the run. Compared is what each browser decodes of the other's picture in that
time and in as long before. A page looks every 200 ms: so exact is the longest time without a new picture. Freezes are
the browser's own count. What the machine of a newcomer would do once it is in the group is left out; all others follow.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "core", "services", "proto", "tests/integration")]

import grpc.aio  # noqa: E402
from bench.groups import Crowd, Member  # noqa: E402
from tests.browser.appliance import RunningAppliance  # noqa: E402
from tests.browser.browsers import Browser  # noqa: E402
from tests.browser.network import Network  # noqa: E402
from tests.browser.participants import Participant  # noqa: E402

from conclave.v1 import signalling_pb2 as pb  # noqa: E402
from conclave.v1 import signalling_pb2_grpc  # noqa: E402
from signalling.conftest import Client  # noqa: E402

ENGINES = ("chromium", "firefox")
WITHOUT_MEDIA = 6
# As the browsers: clients, too, that have machines of their own.
BEHIND_THE_APPLIANCE = ("nice", "-n", "10")
# A connection that says nothing for a minute is dead.
PING_S = 15.0
# Counts the pictures that a page decodes of everybody else, and the longest time in which there was no new one. A slot
# that shows somebody else counts from another number.
WATCH = """(() => {
  clearInterval(window.looking);
  const seen = (window.seen = { pictures: 0, freezes: 0, longestMs: 0, since: performance.now() });
  let [last, before] = [seen.since, undefined];
  window.looking = setInterval(async () => {
    const { slots } = await window.conclave.stats();
    const now = performance.now();
    const sum = (name) => slots.reduce((all, slot) => all + (slot.kind === "video" ? slot[name] : 0), 0);
    const [pictures, freezes] = [sum("framesDecoded"), sum("freezeCount")];
    seen.longestMs = Math.max(seen.longestMs, now - last);
    if (before !== undefined) {
      seen.pictures += Math.max(0, pictures - before.pictures);
      seen.freezes += Math.max(0, freezes - before.freezes);
    }
    if (pictures !== before?.pictures) last = now;
    before = { pictures, freezes };
  }, 200);
})()"""
SEEN = """(({ pictures, freezes, longestMs, since }) => ({
  pictures_per_second: pictures / ((performance.now() - since) / 1000),
  longest_without_ms: longestMs,
  freezes,
}))(window.seen)"""


def main() -> int:
    """Measures, prints the figures, and writes JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="of joins, one a second (default %(default)s)")
    parser.add_argument("--stay", type=float, default=3.0, help="seconds until who came goes (default %(default)s)")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="conclave-") as directory, Network() as network:
        workspace = Path(directory)
        workspace.chmod(0o711)
        appliance = RunningAppliance(network, workspace / "state")
        browsers: list[Browser] = []
        try:
            appliance.make_room("joins", protection="end-to-end", max_participants=20 + options.seconds)
            invite = appliance.invite("joins")
            people = []
            for engine in ENGINES:
                browsers.append(Browser(engine, network.add_client(engine), workspace / f"{engine}.log"))
                people.append(Participant(browsers[-1], engine))
                people[-1].join(invite)
            for here, there in (people, people[::-1]):
                here.receives([f"{there.name}/camera", f"{there.name}/microphone"], 60)
            token = invite.partition("#")[2]
            control = workspace / "state/run/signal/control.sock"
            figures = asyncio.run(measure(control, token, people, options.seconds, options.stay))
        finally:
            for browser in browsers:
                browser.close()
            appliance.close()
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


async def measure(
    socket: Path, token: str, people: list[Participant], seconds: int, newcomers_stay_s: float
) -> dict[str, Any]:
    """Fills the meeting up to eight, watches it for a while, and then while one comes every second."""
    crowd = Crowd(*BEHIND_THE_APPLIANCE)
    joined: list[float] = []

    async def visit(number: int, stay_s: float | None, take_part: Callable[[Member], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        async with connected(socket) as client:
            member = Member(crowd, client, f"Visitor {number}")
            begin = loop.time()
            await member.come(token)
            taking_part = tasks.create_task(until_it_ends(take_part(member)))
            await crowd.until(member.is_in)
            joined.append(loop.time() - begin)
            await crowd.tell()
            with suppress(TimeoutError):
                async with asyncio.timeout(stay_s):
                    await over.wait()
            crowd.members.remove(member)
            # The answer comes where everything is read.
            await client.tell(leave=pb.Leave())
            await taking_part

    async def come_and_go(visits: asyncio.TaskGroup) -> None:
        for number in range(seconds):
            visits.create_task(visit(WITHOUT_MEDIA + number, newcomers_stay_s, only_join))
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as tasks:
        over = asyncio.Event()
        for number in range(WITHOUT_MEDIA):
            tasks.create_task(visit(number, None, Member.obey))
        await crowd.until(lambda: len(joined) == WITHOUT_MEDIA)
        joined.clear()
        quiet = await watched(people, asyncio.sleep(seconds))
        quiet_epoch = epoch_of(people[0])
        busy = await watched(people, come_and_go(tasks))
        epochs = epoch_of(people[0]) - quiet_epoch
        over.set()
    crowd.driver.close()
    return {
        "load_average": os.getloadavg()[0],
        "stayed_s": newcomers_stay_s,
        "joined": len(joined),
        "epochs": epochs,
        "newcomer_in_group_p50_s": round(statistics.median(joined), 2),
        "newcomer_in_group_worst_s": round(max(joined), 2),
        **{engine: {"before": quiet[engine], "during": busy[engine]} for engine in ENGINES},
    }


@asynccontextmanager
async def connected(socket: Path) -> AsyncIterator[Client]:
    """A client on a stream of its own, as the gateway opens them."""
    async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
        client = Client(signalling_pb2_grpc.SignallingServiceStub(channel).Connect())
        pinging = asyncio.create_task(until_it_ends(ping(client)))
        try:
            yield client
        finally:
            pinging.cancel()
            client.close()


async def ping(client: Client) -> None:
    while True:
        await asyncio.sleep(PING_S)
        await client.tell(ping=pb.Ping())


async def only_join(member: Member) -> None:
    """Comes into the group, and does not follow it."""
    await member.join(await member.client.event(lambda message: message.HasField("group_welcome"), timeout_s=300))
    await member.crowd.tell()
    await member.client.event(lambda message: message.HasField("meeting_ended"), timeout_s=600)


async def until_it_ends(work: Awaitable[None]) -> None:
    """Does what goes on as long as a stream does, whose end is no failure: who has left reads and writes nothing."""
    try:
        await work
    except (ConnectionError, asyncio.InvalidStateError):
        return
    except grpc.aio.AioRpcError as error:
        # As which a write fails that was under way.
        if error.code() is not grpc.StatusCode.INTERNAL:
            raise


async def watched(people: list[Participant], meanwhile: Awaitable[None]) -> dict[str, dict[str, float]]:
    """What each browser decodes while something goes on."""
    for each in people:
        await asyncio.to_thread(each.page.evaluate, WATCH)
    await meanwhile
    seen = {each.name: await asyncio.to_thread(each.page.evaluate, SEEN) for each in people}
    return {name: {what: round(value, 1) for what, value in values.items()} for name, values in seen.items()}


def epoch_of(participant: Participant) -> int:
    return int(participant.state()["protection"]["epoch"])


if __name__ == "__main__":
    raise SystemExit(main())
