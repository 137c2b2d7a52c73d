"""What is measured in the engines, in W3C's names."""

from __future__ import annotations

from conclave.core.events import CONSENT_FAILED
from conclave.core.measures import LegMeasures, ReceivedStream, RemoteReport, SentStream
from conclave.media.v1 import control_pb2 as pb

from .control_engine import Core, creation

RECEIVED = ReceivedStream(1, 2, 11, 12, 100, 9000, 2000, 3, 270, 4, 0.002, 50, 5, 6, 7_000_000)
REMOTE = RemoteReport(8, 0.25, 0.003, 0.04, 0.4, 10)
SENT = SentStream(1, 200, 18_000, 4000, 9, 810, 60, 1, 2, 3, REMOTE)
UNREPORTED = SentStream(0, 20, 1800, 400, 0, 0, 0, 0, 0, 0, None)


def ask(core: Core, room: str = "r1") -> list[pb.MeasuredTransport]:
    response = core.ask(9_000_000, get_room_statistics=pb.GetRoomStatistics(room_id=room))
    return list(response.room_statistics.transports)


def test_only_the_rooms_transports_are_measured() -> None:
    core = Core()
    for name, room in (("t1", "r1"), ("t2", "r2"), ("t3", "r1")):
        core.create(creation(name, room))
    assert [transport.transport_id for transport in ask(core)] == ["t1", "t3"]
    assert ask(core, "r9") == []


def test_streams_are_told_by_their_names() -> None:
    core = Core()
    slots = core.create(creation()).slots
    core.engines[0].measures = LegMeasures(0, True, True, 0.04, 900_000, 7_000_000, (RECEIVED,), (UNREPORTED, SENT))
    (told,) = ask(core)
    (inbound,) = told.inbound_rtp
    audio, video = told.outbound_rtp
    (remote,) = told.remote_inbound_rtp
    assert (inbound.source_id, inbound.mid, inbound.rid, inbound.kind) == ("t1/camera", "1", "f", "video")
    assert (inbound.packets_received, inbound.packets_lost, inbound.jitter) == (100, 4, 0.002)
    assert (audio.kind, audio.mid, video.kind, video.mid) == ("audio", "2", "video", "3")
    assert (video.ssrc, video.rtx_ssrc, remote.ssrc) == (slots[1].ssrc, slots[1].rtx_ssrc, slots[1].ssrc)
    assert (video.retransmitted_packets_sent, video.fir_count) == (9, 3)
    assert (remote.fraction_lost, remote.round_trip_time, remote.round_trip_time_measurements) == (0.25, 0.04, 10)
    assert (told.transport.packets_sent, told.transport.bytes_received) == (220, 9000)
    pair = told.candidate_pair
    assert (pair.state, pair.protocol, pair.available_outgoing_bitrate) == ("succeeded", "tcp", 900_000)


def test_timestamps_are_milliseconds_since_1970() -> None:
    core = Core()
    core.create(creation())
    core.engines[0].measures = LegMeasures(0, True, False, 0.0, 0, 7_000_000, (RECEIVED,), ())
    (told,) = ask(core)
    assert told.timestamp == (10**18 + 9_000_000) / 1e6
    assert told.inbound_rtp[0].last_packet_received_timestamp == (10**18 + 7_000_000) / 1e6
    core.engines[0].measures = LegMeasures(0, True, False, 0.0, 0, 0, (), ())
    assert ask(core)[0].candidate_pair.last_packet_received_timestamp == 0


def test_states_follow_the_transport() -> None:
    core = Core()
    core.create(creation())
    core.engines[0].measures = LegMeasures(0, False, False, 0.0, 0, 0, (), ())
    (told,) = ask(core)
    assert (told.transport.dtls_state, told.transport.ice_state, told.transport.srtp_cipher) == ("new", "checking", "")
    assert (told.candidate_pair.state, told.candidate_pair.protocol) == ("in-progress", "")
    core.engines[0].measures = LegMeasures(CONSENT_FAILED, True, False, 0.0, 0, 0, (), ())
    (told,) = ask(core)
    assert (told.transport.ice_state, told.candidate_pair.state) == ("failed", "failed")


def test_workers_and_process_are_told() -> None:
    statistics = Core(workers=2).ask(get_statistics=pb.GetStatistics()).statistics
    assert [worker.bytes_sent for worker in statistics.workers] == [700, 700]
    assert (dict(statistics.workers[0].pools_used), dict(statistics.workers[0].pools_size)) == (
        {"legs": 1},
        {"legs": 100},
    )
    process = statistics.process
    assert (process.start_time_s, process.cpu_time_s, process.peak_resident_bytes) == (1_000.0, 2.5, 4096)
