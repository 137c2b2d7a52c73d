"""What clients say of their connections: that the others hear of it, and not too often."""

from __future__ import annotations

import pytest

from conclave.v1 import meetings_pb2
from conclave.v1 import signalling_pb2 as pb

from .signalling_house import Client, House, code, hello

GOOD, WEAK, POOR = 1, 2, 3
NONE, LOSS, DELAY = 0, 1, 2
SECOND_NS = 1_000_000_000


async def report(client: Client, level: int, reason: int, camera_paused: bool = False) -> pb.ServerMessage:
    quality = meetings_pb2.ConnectionQuality(
        level=meetings_pb2.QualityLevel.ValueType(level),
        reason=meetings_pb2.QualityReason.ValueType(reason),
        camera_paused=camera_paused,
    )
    return await client.ask(report_quality=pb.ReportQuality(quality=quality))


def heard(client: Client) -> list[tuple[str, int, int, bool]]:
    """Whose quality became which, by the events that wait."""
    events = [message.quality_changed for message in client.take() if message.HasField("quality_changed")]
    return [(e.participant_id, e.quality.level, e.quality.reason, e.quality.camera_paused) for e in events]


async def test_everybody_hears_of_a_connection_that_changed_and_only_then() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    bob.take()
    # Good is what everybody's connection is taken for.
    assert (await report(ada, GOOD, NONE)).HasField("ack")
    assert heard(bob) == []
    for level, reason, camera_paused in ((WEAK, DELAY, False), (POOR, LOSS, True), (GOOD, NONE, False)):
        for _ in range(2):
            assert (await report(ada, level, reason, camera_paused)).HasField("ack")
        assert heard(bob) == [(ada.id, level, reason, camera_paused)]
        house.now_ns += SECOND_NS


async def test_who_joins_or_resumes_learns_how_connections_are() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await report(ada, POOR, LOSS, camera_paused=True)
    bob.connection.lost()
    again = house.connect()
    welcome = (await again.ask(hello=hello(resume_token=bob.token))).welcome
    qualities = {person.id: person.quality for person in welcome.resumed.participants}
    assert (qualities[ada.id].level, qualities[ada.id].reason, qualities[ada.id].camera_paused) == (POOR, LOSS, True)
    assert qualities[bob.id].level == GOOD
    joiner = house.connect()
    await joiner.ask(hello=hello(invite_token="invite"))
    joined = (await joiner.ask(join=pb.Join(display_name="Dee"))).joined
    assert {person.id: person.quality.level for person in joined.participants}[ada.id] == POOR


async def test_a_client_cannot_flood_the_others_with_its_connection() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    bob.take()
    answers = [await report(ada, level, NONE) for level in (WEAK, POOR, WEAK, POOR)]
    assert [answer.HasField("ack") for answer in answers] == [True, False, True, False]
    assert {code(answer) for answer in answers if not answer.HasField("ack")} == {"LIMIT_EXCEEDED"}
    assert [level for _, level, _, _ in heard(bob)] == [WEAK]
    house.now_ns += SECOND_NS
    assert (await report(ada, POOR, LOSS)).HasField("ack")
    assert [level for _, level, _, _ in heard(bob)] == [POOR]


@pytest.mark.parametrize(("level", "reason"), [(0, NONE), (4, NONE), (WEAK, 99)])
async def test_a_quality_that_nobody_could_show_is_refused(level: int, reason: int) -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    bob.take()
    assert code(await report(ada, level, reason)) == "INVALID_REQUEST"
    assert heard(bob) == []
    assert (await ada.ask(ping=pb.Ping())).HasField("ack")
