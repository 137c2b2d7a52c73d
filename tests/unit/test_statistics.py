"""Measures by participant, and how the command line shows them."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from conclave.media.v1 import control_pb2 as media_pb
from conclave.services.cli.statistics import StatisticsView, follow_live
from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import MeetingName
from conclave.services.meetings.errors import MeetingNotFound
from conclave.services.statistics.grpc import StatisticsServicer
from conclave.services.statistics.service import MeetingStatistics
from conclave.v1 import statistics_pb2 as pb
from conclave.v1 import webrtc_stats_pb2 as stats_pb

NAME = MeetingName("standup", "abcdefghijklmnop")


class Core:
    """Has a transport of Ada, an older one of hers, and one of somebody who is gone."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def room_statistics(self, room_id: str) -> Sequence[media_pb.MeasuredTransport]:
        self.asked.append(room_id)
        return [
            media_pb.MeasuredTransport(transport_id=name, timestamp=5000.0, transport=stats_pb.TransportStats())
            for name in ("ada.old", "ada.new", "gone.1")
        ]


def statistics(core: Core) -> tuple[MeetingStatistics[media_pb.MeasuredTransport], dict[str, Any]]:
    people = {
        name: SimpleNamespace(id=name, transport_id=transport) for name, transport in (("ada", "ada.new"), ("bob", ""))
    }
    rooms: dict[str, Any] = {"standup": SimpleNamespace(id=NAME.meeting_id, participants=people)}
    register: Any = SimpleNamespace(by_room=rooms)
    return MeetingStatistics(register, core), rooms


async def test_only_standing_connections_of_people_in_the_meeting_are_told() -> None:
    core = Core()
    told, _ = statistics(core)
    assert [(person, report.transport_id) for person, report in await told.of(NAME)] == [("ada", "ada.new")]
    assert core.asked == [NAME.meeting_id]


@pytest.mark.parametrize("name", [MeetingName("standup", "bcdefghijklmnopq"), MeetingName("other", NAME.meeting_id)])
async def test_a_meeting_that_is_over_is_not_found_and_the_core_not_asked(name: MeetingName) -> None:
    core = Core()
    told, _ = statistics(core)
    with pytest.raises(MeetingNotFound):
        await told.of(name)
    assert core.asked == []


async def test_watching_ends_with_the_meeting() -> None:
    told, rooms = statistics(Core())
    answers = 0
    async for _ in told.watch(NAME, 0):
        answers += 1
        if answers == 3:
            rooms.clear()
    assert answers == 3


@pytest.mark.parametrize("seconds", [0, 0.4, 61, -5])
async def test_intervals_are_bounded(seconds: float) -> None:
    told, _ = statistics(Core())
    request = pb.WatchMeetingStatsRequest(name=str(NAME))
    request.interval.FromNanoseconds(int(seconds * 1e9))
    with pytest.raises(InvalidArgument, match=r"0\.5 s to 60 s"):
        await anext(StatisticsServicer(told).WatchMeetingStats(request, None))


def answer(time_s: float, sent: int, frames: int) -> pb.MeetingStats:
    return pb.MeetingStats(
        name=str(NAME),
        participants=[
            pb.ParticipantStats(
                participant_id="ada",
                timestamp=1000 * time_s,
                transport=stats_pb.TransportStats(
                    ice_state="connected", srtp_cipher="SRTP_AEAD_AES_128_GCM", bytes_received=sent
                ),
                candidate_pair=stats_pb.CandidatePairStats(
                    protocol="udp", current_round_trip_time=0.021, available_outgoing_bitrate=2_500_000
                ),
                inbound_rtp=[
                    stats_pb.InboundRtpStats(
                        ssrc=1,
                        kind="video",
                        rid="h",
                        source_id="ada/camera",
                        bytes_received=sent,
                        frames_received=frames,
                        packets_lost=7,
                        jitter=0.004,
                    )
                ],
                outbound_rtp=[stats_pb.OutboundRtpStats(ssrc=2, kind="audio", source_id="bob/microphone")],
            )
        ],
    )


def test_the_view_tells_rates_between_two_answers() -> None:
    view = StatisticsView({"ada": "Ada [Lovelace]", "bob": "Bob"})
    console = Console(file=StringIO(), width=160)
    follow_live([answer(10, 0, 0), answer(12, 125_000, 60)], view, console)
    assert isinstance(console.file, StringIO)
    told = console.file.getvalue()
    first, last = told[: told.rindex("Path")], told[told.rindex("Path") :]
    person = ("Ada [Lovelace]", "udp, AEAD_AES_128_GCM", "21 ms", "2.50 Mbit/s")
    for expected in (*person, "500 kbit/s", "↑ camera h", "30/s", "↓ microphone of Bob", "4 ms", "7"):
        assert expected in last, expected
    assert "kbit/s" not in first


def test_a_connection_made_anew_shows_no_rate() -> None:
    view = StatisticsView({})
    view.take(answer(10, 125_000, 60))
    view.take(answer(12, 0, 0))
    console = Console(file=StringIO(), width=160)
    console.print(view.render())
    assert isinstance(console.file, StringIO)
    assert "kbit/s" not in console.file.getvalue()
    assert StatisticsView({}).render() == "Nobody has media."
