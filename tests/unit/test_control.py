"""Control's requests translated into engine calls, and engine events into Events.

The engine here only records calls: what it does with them is proven in tests/integration.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclave.core.config import source_number
from conclave.core.events import (
    ConsentChanged,
    DtlsReceived,
    SlotChanged,
    SpeakersChanged,
)
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

from .control_engine import CORE, Core, creation


def test_info_says_what_the_core_is() -> None:
    info = Core(workers=2).ask(get_info=pb.GetInfo()).info
    assert info.instance_id == "instance"
    assert info.dtls_fingerprint == CORE.fingerprint
    assert list(info.udp_ports) == [40_000, 40_001]
    assert list(info.addresses) == ["192.0.2.1"]
    assert (info.crypto_backend, info.segmentation_offload) == ("openssl", True)


def test_a_transport_reaches_the_engine_as_numbers() -> None:
    core = Core()
    transport = core.create(creation())
    config = core.engines[0].legs[1]
    assert config.room == 1
    assert (config.local_ufrag.decode(), config.local_pwd.decode()) == (transport.ice_ufrag, transport.ice_pwd)
    assert config.remote_ufrag == b"abcd"
    assert config.extensions == ((1, pb.HeaderExtension.KIND_MID), (2, pb.HeaderExtension.KIND_RID))
    microphone, camera = config.sources
    assert (microphone.mid, microphone.video, microphone.rids, microphone.active) == (b"0", False, (), True)
    assert (camera.mid, camera.video, camera.rids, camera.active) == (b"1", True, (b"q", b"h", b"f"), False)
    assert (camera.payload_type, camera.rtx_payload_type, camera.max_bitrate) == (96, 97, 2_000_000)
    audio, video = config.slots
    assert (audio.ssrc, audio.rtx_ssrc) == (transport.slots[0].ssrc, 0)
    assert (video.ssrc, video.rtx_ssrc) == (transport.slots[1].ssrc, transport.slots[1].rtx_ssrc)
    assert (transport.udp_port, transport.state) == (40_000, pb.TRANSPORT_STATE_NEW)
    assert list(transport.source_ids) == ["t1/microphone", "t1/camera"]


def test_vp9_beside_vp8_reaches_the_engine_and_is_told_again() -> None:
    core = Core()
    request = creation()
    for stream in (request.sources[1], request.slots[1]):
        stream.vp9_payload_type, stream.vp9_rtx_payload_type = 98, 99
    told = core.create(request).slots[1]
    config = core.engines[0].legs[1]
    for stream in (config.sources[1], config.slots[1], told):
        assert (stream.vp9_payload_type, stream.vp9_rtx_payload_type) == (98, 99)


def test_h264_reaches_the_engine_and_is_told_again() -> None:
    core = Core()
    request = creation()
    request.sources[1].payload_type = request.sources[1].rtx_payload_type = 0
    for stream in (request.sources[1], request.slots[1]):
        stream.h264_payload_type, stream.h264_rtx_payload_type = 106, 105
    transport = core.create(request)
    told = transport.slots[1]
    assert list(transport.h264_source_ids) == ["t1/camera"]
    config = core.engines[0].legs[1]
    for stream in (config.sources[1], config.slots[1], told):
        assert (stream.h264_payload_type, stream.h264_rtx_payload_type) == (106, 105)
    assert config.sources[1].payload_type == 0


def test_no_source_of_an_end_to_end_room_is_in_h264() -> None:
    request = creation()
    request.end_to_end = True
    for source in request.sources:
        source.end_to_end = True
    request.sources[1].h264_payload_type = 106
    assert Core().ask(create_transport=request).failure.code == pb.Failure.CODE_INVALID


# RFC 8445 section 5.3
def test_ice_credentials_are_fresh_and_long_enough() -> None:
    core = Core()
    transports = [core.create(creation(f"t{number}")) for number in range(20)]
    assert len({transport.ice_ufrag for transport in transports}) == 20
    assert len({transport.ice_pwd for transport in transports}) == 20
    assert all(len(transport.ice_ufrag) >= 8 and len(transport.ice_pwd) >= 24 for transport in transports)


def test_slot_ssrcs_are_unique_in_the_core_and_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter([0, 5, 5, 6, 6, 9, 7, 8, 8, 5, 7, 10, 11])
    monkeypatch.setattr("conclave.core.transports.secrets.randbits", lambda bits: next(values))
    core = Core()
    request = creation()
    request.sources[0].ssrcs.append(9)
    first, second = core.create(request), core.create(creation("t2"))
    assert [(slot.ssrc, slot.rtx_ssrc) for slot in first.slots] == [(5, 0), (6, 7)]
    assert [(slot.ssrc, slot.rtx_ssrc) for slot in second.slots] == [(8, 0), (10, 11)]


def test_rooms_go_to_the_worker_with_the_fewest_legs_and_stay_together() -> None:
    core = Core(workers=2)
    ports = [core.create(creation(name, room)).udp_port for name, room in [("a", "1"), ("b", "1"), ("c", "2")]]
    assert ports == [40_000, 40_000, 40_001]
    assert core.create(creation("d", "3")).udp_port == 40_001
    assert core.create(creation("e", "1")).udp_port == 40_000
    assert len({config.room for engine in core.engines for config in engine.legs.values()}) == 3


@pytest.mark.parametrize(("room", "source"), [(True, False), (False, True)])
def test_a_source_is_protected_as_its_room_is(room: bool, source: bool) -> None:
    core, request = Core(), creation()
    request.end_to_end = room
    for each in request.sources:
        each.end_to_end = room
    request.sources[-1].end_to_end = source
    failure = core.ask(create_transport=request).failure
    assert (failure.code, "end-to-end" in failure.message) == (pb.Failure.CODE_INVALID, True)
    request.sources[-1].end_to_end = room
    core.create(request)
    # And the room stays what its first transport says.
    other = creation("t2")
    other.end_to_end = not room
    for each in other.sources:
        each.end_to_end = not room
    assert core.ask(create_transport=other).failure.code == pb.Failure.CODE_INVALID
    assert len(core.ask(list_transports=pb.ListTransports()).transports.transports) == 1


def test_a_deleted_transport_frees_its_names_and_its_room() -> None:
    core = Core()
    core.create(creation())
    assert core.ask(delete_transport=pb.DeleteTransport(transport_id="t1")).HasField("done")
    assert core.engines[0].legs == {}
    core.create(creation())
    assert core.engines[0].legs[2].room == 2
    assert core.ask(delete_transport=pb.DeleteTransport(transport_id="never")).HasField("done")


def test_a_full_pool_says_which_and_leaves_nothing_behind() -> None:
    core = Core(legs=1)
    core.create(creation())
    failure = core.ask(create_transport=creation("t2", "r2")).failure
    assert failure.code == pb.Failure.CODE_EXHAUSTED
    assert "legs" in failure.message
    core.ask(delete_transport=pb.DeleteTransport(transport_id="t1"))
    core.create(creation("t2", "r2"))


def test_names_in_use_are_refused() -> None:
    core = Core()
    core.create(creation())
    assert core.ask(create_transport=creation()).failure.code == pb.Failure.CODE_ALREADY_EXISTS
    request = creation("t2")
    request.sources[0].source_id = "t1/camera"
    assert core.ask(create_transport=request).failure.code == pb.Failure.CODE_ALREADY_EXISTS
    assert len(core.engines[0].legs) == 1


def change(path: str, value: object) -> Callable[[pb.CreateTransport], None]:
    """Sets one field, as `sources.1.mid`, to a value, or appends to a repeated one."""

    def apply(request: pb.CreateTransport) -> None:
        *steps, last = path.split(".")
        message: object = request
        for step in steps:
            message = message[int(step)] if step.isdigit() else getattr(message, step)  # type: ignore[index]
        if isinstance(value, list):
            field = getattr(message, last)
            del field[:]
            field.extend(value)
        else:
            setattr(message, last, value)

    return apply


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("transport_id", ""),
        ("transport_id", "x" * 65),
        ("transport_id", "a\nb"),
        ("room_id", ""),
        ("room_id", "é" * 33),
        ("remote_ice_ufrag", "abc"),
        ("remote_ice_ufrag", "a:bcd"),
        ("remote_ice_ufrag", "a" * 65),
        ("remote_dtls_fingerprint", ""),
        ("remote_dtls_fingerprint", "AA:BB"),
        ("header_extensions.0.id", 0),
        ("header_extensions.0.id", 15),
        ("header_extensions.0.id", 2),
        ("header_extensions.0.kind", 2),
        ("header_extensions.0.kind", 0),
        ("header_extensions", []),
        ("sources.0.source_id", ""),
        ("sources.0.source_id", "t1/camera"),
        ("sources.0.mid", ""),
        ("sources.0.mid", "1"),
        ("sources.0.mid", "a b"),
        ("sources.0.mid", "m" * 17),
        ("sources.0.kind", 0),
        ("sources.0.kind", 3),
        ("sources.0.payload_type", 0),
        ("sources.0.payload_type", 72),
        ("sources.0.payload_type", 128),
        ("sources.0.rids", ["q"]),
        ("sources.1.rtx_payload_type", 96),
        ("sources.1.rtx_payload_type", 200),
        ("sources.1.rids", ["a", "b", "c", "d"]),
        ("sources.1.rids", ["a", "a"]),
        ("sources.1.rids", ["a~b"]),
        ("sources.1.rids", ["a" * 17]),
        ("sources.1.ssrcs", [1]),
        ("sources.1.ssrcs", [1, 2, 2]),
        ("sources.1.ssrcs", [1, 2, 0]),
        ("sources.1.rtx_ssrcs", [1, 2, 3]),
        ("slots.0.mid", "3"),
        ("slots.0.mid", ""),
        ("slots.0.kind", 0),
        ("slots.1.payload_type", 64),
        ("slots.1.rtx_payload_type", 96),
        ("sources.0.vp9_payload_type", 98),
        ("sources.1.vp9_payload_type", 70),
        ("sources.1.vp9_payload_type", 97),
        ("slots.1.vp9_payload_type", 96),
        ("slots.1.vp9_rtx_payload_type", 99),
        ("sources.0.h264_payload_type", 98),
        ("sources.1.h264_payload_type", 97),
        ("sources.1.h264_rtx_payload_type", 98),
        ("slots.1.h264_payload_type", 96),
        ("slots.1.payload_type", 0),
    ],
)
def test_a_transport_that_makes_no_sense_is_refused(path: str, value: object) -> None:
    core = Core()
    request = creation()
    change(path, value)(request)
    failure = core.ask(create_transport=request).failure
    assert failure.code == pb.Failure.CODE_INVALID
    assert failure.message
    assert core.engines[0].legs == {}
    core.create(creation())  # nothing was left behind


def test_too_many_sources_or_slots_are_refused() -> None:
    core = Core()
    request = creation()
    for number in range(6):
        source = request.sources.add()
        source.CopyFrom(request.sources[0])
        source.source_id, source.mid = f"more{number}", f"m{number}"
    assert core.ask(create_transport=request).failure.code == pb.Failure.CODE_INVALID
    request = creation()
    for number in range(50):
        request.slots.add(mid=f"m{number}", kind=pb.MEDIA_KIND_AUDIO, payload_type=111)
    core.create(request)  # As many as there may be.
    request = creation("t2")
    request.slots.extend(pb.Slot(mid=f"m{number}", kind=pb.MEDIA_KIND_AUDIO, payload_type=111) for number in range(50))
    request.slots.add(mid="another", kind=pb.MEDIA_KIND_AUDIO, payload_type=111)
    assert core.ask(create_transport=request).failure.code == pb.Failure.CODE_INVALID


def test_header_extensions_of_an_unknown_kind_are_left_out() -> None:
    core = Core()
    request = creation()
    request.header_extensions.add(kind=99, id=9)  # from a newer control
    core.create(request)
    assert [number for number, _ in core.engines[0].legs[1].extensions] == [1, 2]


@given(message=st.binary(max_size=200))
def test_any_bytes_are_answered(message: bytes) -> None:
    response = pb.Response.FromString(Core().control.handle(message, 0))
    assert response.WhichOneof("body") is not None


@given(data=st.data())
def test_a_damaged_request_is_answered(data: st.DataObject) -> None:
    core = Core()
    message = bytearray(pb.Request(request_id=1, create_transport=creation()).SerializeToString())
    for _ in range(data.draw(st.integers(1, 5))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    response = pb.Response.FromString(core.control.handle(bytes(message), 0))
    assert response.WhichOneof("body") is not None


def test_a_request_that_is_no_message_or_has_no_body_is_invalid() -> None:
    core = Core()
    response = pb.Response.FromString(core.control.handle(b"\xff\xff\xff", 0))
    assert response.failure.code == pb.Failure.CODE_INVALID
    assert core.ask().failure.code == pb.Failure.CODE_INVALID


def test_slots_take_video_sources_of_the_same_room() -> None:
    core = Core()
    core.create(creation("t1"))
    core.create(creation("t2"))
    wish = pb.SetSlots(transport_id="t1", slots=[pb.SlotWish(mid="3", source_id="t2/camera", max_layer=1)])
    assert core.ask(set_slots=wish).HasField("done")
    wish.slots[0].source_id = ""
    assert core.ask(set_slots=wish).HasField("done")
    assert core.engines[0].called("set_slot") == [(1, 1, source_number(2, 1), 1), (1, 1, 0, 1)]


@pytest.mark.parametrize(
    ("transport", "mid", "source", "code"),
    [
        ("t9", "3", "t2/camera", pb.Failure.CODE_NOT_FOUND),
        ("t1", "9", "t2/camera", pb.Failure.CODE_INVALID),
        ("t1", "2", "t2/microphone", pb.Failure.CODE_INVALID),
        ("t1", "3", "t2/microphone", pb.Failure.CODE_INVALID),
        ("t1", "3", "t3/camera", pb.Failure.CODE_NOT_FOUND),
        ("t1", "3", "nothing", pb.Failure.CODE_NOT_FOUND),
    ],
)
def test_a_wish_that_cannot_be_met_changes_nothing(
    transport: str, mid: str, source: str, code: pb.Failure.Code.ValueType
) -> None:
    core = Core()
    for name, room in [("t1", "r1"), ("t2", "r1"), ("t3", "other")]:
        core.create(creation(name, room))
    wishes = [pb.SlotWish(mid="3", source_id="t2/camera"), pb.SlotWish(mid=mid, source_id=source)]
    assert core.ask(set_slots=pb.SetSlots(transport_id=transport, slots=wishes)).failure.code == code
    assert core.engines[0].called("set_slot") == []


def test_sources_are_switched_by_number() -> None:
    core = Core()
    core.create(creation())
    states = [pb.SourceState(source_id="t1/microphone"), pb.SourceState(source_id="t1/camera", active=True)]
    assert core.ask(set_sources=pb.SetSources(transport_id="t1", sources=states)).HasField("done")
    expected = [(source_number(1, 0), False), (source_number(1, 1), True)]
    assert core.engines[0].called("set_source_active") == expected
    wrong = pb.SetSources(transport_id="t1", sources=[*states, pb.SourceState(source_id="t2/camera")])
    assert core.ask(set_sources=wrong).failure.code == pb.Failure.CODE_NOT_FOUND
    assert core.engines[0].called("set_source_active") == expected


def test_ice_restart_gives_new_credentials() -> None:
    core = Core()
    before = core.create(creation())
    after = core.ask(restart_ice=pb.RestartIce(transport_id="t1", remote_ice_ufrag="wxyz")).transport
    assert before.ice_ufrag != after.ice_ufrag
    assert before.ice_pwd != after.ice_pwd
    call = (1, after.ice_ufrag.encode(), after.ice_pwd.encode(), b"wxyz")
    assert core.engines[0].called("restart_ice") == [call]
    missing = core.ask(restart_ice=pb.RestartIce(transport_id="t9", remote_ice_ufrag="wxyz"))
    assert missing.failure.code == pb.Failure.CODE_NOT_FOUND


def test_lists_have_no_passwords() -> None:
    core = Core()
    core.create(creation("t1"))
    core.create(creation("t2"))
    transports = core.ask(list_transports=pb.ListTransports()).transports.transports
    assert [transport.transport_id for transport in transports] == ["t1", "t2"]
    assert [transport.ice_pwd for transport in transports] == ["", ""]
    assert all(transport.ice_ufrag for transport in transports)


def test_statistics_are_by_name() -> None:
    core = Core(workers=2)
    core.create(creation("t1"))
    core.create(creation("t2"))
    statistics = core.ask(get_statistics=pb.GetStatistics()).statistics
    assert [worker.cpu_time_ns for worker in statistics.workers] == [4000, 4000]
    assert dict(statistics.workers[0].packets_dropped) == {"malformed": 2}
    received = {transport.transport_id: transport.packets_received for transport in statistics.transports}
    assert received == {"t1": 1, "t2": 2}
    assert dict(statistics.transports[0].packets_dropped) == {"replayed": 7}
    one = core.ask(get_statistics=pb.GetStatistics(transport_id="t2")).statistics
    assert (len(one.workers), len(one.transports)) == (0, 1)
    missing = core.ask(get_statistics=pb.GetStatistics(transport_id="t9"))
    assert missing.failure.code == pb.Failure.CODE_NOT_FOUND


def test_slot_and_speaker_events_are_told_by_name() -> None:
    core = Core()
    core.create(creation("t1"))
    core.create(creation("t2"))
    shown, speaking = core.tell(
        SlotChanged(1, 1, source_number(2, 1), 2), SpeakersChanged(1, (source_number(2, 0), source_number(1, 0)))
    )
    assert shown.instance_id == "instance"
    assert shown.slot_changed == pb.SlotChanged(transport_id="t1", mid="3", source_id="t2/camera", layer=2)
    assert speaking.speakers_changed.room_id == "r1"
    assert list(speaking.speakers_changed.source_ids) == ["t2/microphone", "t1/microphone"]
    slot = core.ask(list_transports=pb.ListTransports()).transports.transports[0].slots[1]
    assert (slot.source_id, slot.layer) == ("t2/camera", 2)
    (emptied,) = core.tell(SlotChanged(1, 1, 0, 0))
    assert emptied.slot_changed.source_id == ""


def test_events_of_a_transport_that_is_gone_are_dropped() -> None:
    core = Core()
    core.create(creation())
    core.ask(delete_transport=pb.DeleteTransport(transport_id="t1"))
    late = (ConsentChanged(1, 1), SlotChanged(1, 0, 9, 0), DtlsReceived(1, bytes(20)), SpeakersChanged(1, (9,)))
    assert core.tell(*late) == []


def test_a_heartbeat_a_second() -> None:
    core = Core()
    beats = Counter[int]()
    for now_ms in range(1, 5000):
        if core.control.next_timeout() <= now_ms * 1_000_000:
            core.control.handle_timeout(now_ms * 1_000_000)
        beats[now_ms // 1000] += sum(event.HasField("heartbeat") for event in core.control.poll_events())
    assert beats == {0: 0, 1: 1, 2: 1, 3: 1, 4: 1}
