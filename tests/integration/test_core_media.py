"""Media through the real core process: synthetic participants over loopback, libsrtp as the independent other side."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import pytest
from aiortc.rtp import RTCP_PSFB_PLI, RTCP_RTPFB_NACK, RtcpPsfbPacket, RtcpRtpfbPacket, RtpPacket

from clients.core_process import CoreProcess
from clients.handshake import GCM_128, GCM_256, PROFILES, SHA1_80
from clients.media import AudioMaker, ScreenMaker, VideoMaker, read_video
from clients.meeting import Meeting, play, wanted_key_frames
from clients.participant import AUDIO, VIDEO, VIDEO_RTX, VIDEO_VP9, Participant
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    with CoreProcess(tmp_path_factory.mktemp("core")) as process:
        yield process


@pytest.fixture
def meeting(core: CoreProcess) -> Iterator[Meeting]:
    with Meeting(core) as meeting:
        yield meeting


def assert_continuous(packets: list[RtpPacket]) -> None:
    """No gap, no repetition and no step back in what a decoder looks at."""
    assert {packet.payload_type for packet in packets} == {VIDEO}
    for before, after in pairwise(packets):
        assert (after.sequence_number - before.sequence_number) & 0xFFFF == 1
        first, second = read_video(before)[0], read_video(after)[0]
        assert first.picture_id is not None
        assert second.picture_id is not None
        if before.marker:
            assert (second.picture_id - first.picture_id) & 0x7FFF == 1
            assert 0 < (after.timestamp - before.timestamp) & 0xFFFFFFFF < 90_000
        else:
            assert second.picture_id == first.picture_id
            assert after.timestamp == before.timestamp


def test_the_core_prefers_aes_256_gcm(meeting: Meeting) -> None:
    participant = meeting.join("a", profiles=[SHA1_80, GCM_128, GCM_256])
    assert participant.handshake.profile() == GCM_256


@pytest.mark.parametrize("profile", list(PROFILES))
def test_video_passes_with_every_profile(meeting: Meeting, profile: str) -> None:
    publisher = meeting.join("publisher", profiles=[profile])
    subscriber = meeting.join("subscriber", profiles=[profile])
    assert publisher.handshake.profile() == profile
    camera = VideoMaker(1111, VIDEO, mid="v", name=b"camera")
    subscriber.show("rv0", f"{publisher.name}/v")
    play(publisher, [camera], [subscriber], lambda: len(subscriber.received("rv0")) >= 60, packets=3)
    packets = subscriber.received("rv0")
    assert_continuous(packets)
    descriptor, body = read_video(packets[0])
    assert descriptor.partition_start == 1
    first = int(body.split()[1])
    expected = [b"camera %d %d" % (first + number // 3, number % 3) for number in range(len(packets))]
    assert [read_video(packet)[1] for packet in packets] == expected


def test_a_slot_goes_over_from_a_camera_in_vp8_to_a_screen_in_vp9_and_back(meeting: Meeting) -> None:
    facing, sharing, subscriber = (meeting.join(name) for name in ("facing", "sharing", "subscriber"))
    camera, screen = VideoMaker(1111, VIDEO, mid="v"), ScreenMaker(2222, VIDEO_VP9, mid="v", name=b"screen")
    for owner, made in ((facing, camera), (sharing, screen), (facing, camera)):
        before = len(subscriber.received("rv0"))
        subscriber.show("rv0", f"{owner.name}/v")

        def comes(made: VideoMaker = made, before: int = before) -> bool:
            types = [packet.payload_type for packet in subscriber.received("rv0")[before:]]
            return types.count(made.payload_type) >= 20

        play(owner, [made], [subscriber], comes, packets=2)
    packets = subscriber.received("rv0")
    types = [packet.payload_type for packet in packets]
    assert [kind for kind, _ in groupby(types)] == [VIDEO, VIDEO_VP9, VIDEO]
    ids = []
    first = packets[0].sequence_number
    for number, packet in enumerate(packets):
        assert packet.sequence_number == (first + number) & 0xFFFF
        is_screen = packet.payload_type == VIDEO_VP9
        picture_id = (
            int.from_bytes(packet.payload[1:3], "big") & 0x7FFF if is_screen else read_video(packet)[0].picture_id
        )
        assert picture_id is not None
        ids.append(picture_id)
    assert ids == [(ids[0] + number // 2) & 0x7FFF for number in range(len(ids))]
    # What came of the screen is what was sent of it, behind a descriptor of five bytes.
    shown = [packet.payload[5:] for packet in packets if packet.payload_type == VIDEO_VP9]
    sent = [packet.payload[5:] for packet in screen.sent]
    assert shown == sent[sent.index(shown[0]) :][: len(shown)]


@pytest.mark.parametrize(("sending", "receiving"), [(SHA1_80, GCM_256), (GCM_128, SHA1_80)])
def test_each_side_has_its_own_profile(meeting: Meeting, sending: str, receiving: str) -> None:
    publisher = meeting.join("publisher", profiles=[sending])
    subscriber = meeting.join("subscriber", profiles=[receiving])
    subscriber.show("rv0", f"{publisher.name}/v")
    camera = VideoMaker(1111, VIDEO, mid="v")
    play(publisher, [camera], [subscriber], lambda: len(subscriber.received("rv0")) >= 20)
    assert_continuous(subscriber.received("rv0"))


def test_the_core_as_dtls_client(meeting: Meeting) -> None:
    publisher = meeting.join("publisher", dtls_client=False, profiles=[SHA1_80, GCM_128])
    subscriber = meeting.join("subscriber", dtls_client=False, profiles=[GCM_256])
    assert publisher.handshake.profile() == SHA1_80  # in that role the peer's order counts
    subscriber.show("rv0", f"{publisher.name}/v")
    camera = VideoMaker(1111, VIDEO, mid="v")
    play(publisher, [camera], [subscriber], lambda: len(subscriber.received("rv0")) >= 20)
    assert_continuous(subscriber.received("rv0"))


def test_audio_fills_the_slots_by_itself(meeting: Meeting) -> None:
    speaker, listener = meeting.join("speaker"), meeting.join("listener")
    microphone = AudioMaker(2222, AUDIO, mid="a", name=b"hello")

    def speak() -> None:
        speaker.send_rtp(microphone.packet())

    listener.wait(lambda: len(listener.received("ra0")) >= 50, interval=0.01, meanwhile=speak)
    packets = listener.received("ra0")
    assert {packet.payload_type for packet in packets} == {AUDIO}
    for before, after in pairwise(packets):
        assert (after.sequence_number - before.sequence_number) & 0xFFFF == 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 960
        assert int(after.payload.split()[1]) == int(before.payload.split()[1]) + 1
    speaker.take()
    assert speaker.rtp == []  # nobody hears themselves
    told: list[pb.Event] = []

    def both_told() -> bool:
        told.extend(meeting.core.events())
        shown = any(
            event.slot_changed == pb.SlotChanged(transport_id=listener.name, mid="ra0", source_id=f"{speaker.name}/a")
            for event in told
        )
        spoken = any(list(event.speakers_changed.source_ids) == [f"{speaker.name}/a"] for event in told)
        return shown and spoken

    listener.wait(both_told, interval=0.01, meanwhile=speak)


def test_a_slot_changes_layer_on_a_key_frame_without_a_gap(meeting: Meeting) -> None:
    publisher = meeting.join("publisher", rids=("q", "h", "f"))
    subscriber = meeting.join("subscriber")
    layers = [
        VideoMaker(3000 + i, VIDEO, "v", rid, rid.encode(), 1000 * i + 60_000, 777_777 * i, 3000 * i)
        for i, rid in enumerate("qhf")
    ]

    def names() -> list[bytes]:
        return [read_video(packet)[1].split()[0] for packet in subscriber.received("rv0")]

    subscriber.show("rv0", f"{publisher.name}/v", max_layer=2)
    play(publisher, layers, [subscriber], lambda: names()[-20:] == [b"f"] * 20, packets=2)
    subscriber.show("rv0", f"{publisher.name}/v", max_layer=0)
    play(publisher, layers, [subscriber], lambda: names()[-20:] == [b"q"] * 20, packets=2)
    subscriber.show("rv0", f"{publisher.name}/v", max_layer=1)
    play(publisher, layers, [subscriber], lambda: names()[-20:] == [b"h"] * 20, packets=2)
    packets = subscriber.received("rv0")
    assert_continuous(packets)
    for before, after in pairwise(packets):
        if read_video(before)[1].split()[0] != read_video(after)[1].split()[0]:
            assert after.payload[len(bytes(read_video(after)[0]))] & 1 == 0  # a key frame
    changes = [event.slot_changed for event in meeting.core.events() if event.HasField("slot_changed")]
    told = [change.layer for change in changes if change.transport_id == subscriber.name and change.source_id]
    assert told[-2:] == [0, 1]


def test_a_slot_changes_source_without_a_gap(meeting: Meeting) -> None:
    first, second, subscriber = meeting.join("first"), meeting.join("second"), meeting.join("subscriber")
    cameras = {
        first: VideoMaker(1, VIDEO, mid="v", name=b"first", sequence_number=65_500, picture_id=0x7FF0),
        second: VideoMaker(1, VIDEO, mid="v", name=b"second", sequence_number=7, timestamp=4_000_000_000),
    }
    for publisher, camera in cameras.items():
        before = len(subscriber.received("rv0"))
        subscriber.show("rv0", f"{publisher.name}/v")
        play(publisher, [camera], [subscriber], lambda: len(subscriber.received("rv0")) >= before + 60)  # noqa: B023
    assert_continuous(subscriber.received("rv0"))
    names = [read_video(packet)[1].split()[0] for packet in subscriber.received("rv0")]
    assert names == [b"first"] * 60 + [b"second"] * 60


# RFC 4585 section 6.2.1, RFC 4588 section 4
def test_a_nack_is_answered_by_rtx(meeting: Meeting) -> None:
    publisher, subscriber = meeting.join("publisher"), meeting.join("subscriber")
    subscriber.show("rv0", f"{publisher.name}/v")
    camera = VideoMaker(1111, VIDEO, mid="v")
    play(publisher, [camera], [subscriber], lambda: len(subscriber.received("rv0")) >= 30)
    lost = subscriber.received("rv0")[10:20:3]
    nack = RtcpRtpfbPacket(
        fmt=RTCP_RTPFB_NACK,
        ssrc=99,
        media_ssrc=subscriber.slots["rv0"].ssrc,
        lost=[packet.sequence_number for packet in lost],
    )
    subscriber.send_rtcp(bytes(nack))
    subscriber.wait(lambda: len(subscriber.repaired("rv0")) >= len(lost))
    repaired = subscriber.repaired("rv0")
    assert {packet.payload_type for packet in repaired} == {VIDEO_RTX}
    for original, repair in zip(lost, repaired, strict=True):
        assert int.from_bytes(repair.payload[:2], "big") == original.sequence_number
        assert repair.payload[2:] == original.payload
        assert repair.timestamp == original.timestamp
    counted = meeting.core.statistics(subscriber.name)
    assert (counted.retransmissions_sent, counted.nacks_received) == (len(lost), len(lost))
    # The same index is never protected twice: asked again, the answer has numbers of its own.
    subscriber.send_rtcp(bytes(nack))
    subscriber.wait(lambda: len(subscriber.repaired("rv0")) >= 2 * len(lost), interval=0.3, meanwhile=lambda: None)
    numbers = [packet.sequence_number for packet in subscriber.repaired("rv0")]
    assert len(set(numbers)) == len(numbers)


# RFC 4585 section 6.3.1
def test_a_pli_reaches_the_publisher(meeting: Meeting) -> None:
    publisher, subscriber = meeting.join("publisher"), meeting.join("subscriber")
    subscriber.show("rv0", f"{publisher.name}/v")
    camera = VideoMaker(1111, VIDEO, mid="v")
    play(publisher, [camera], [subscriber], lambda: len(subscriber.received("rv0")) >= 10)
    publisher.take()
    wanted_key_frames(publisher)
    pli = bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=99, media_ssrc=subscriber.slots["rv0"].ssrc))
    subscriber.send_rtcp(pli)
    publisher.wait(lambda: 1111 in wanted_key_frames(publisher), timeout=2)


def test_a_deleted_publisher_is_out_at_once(meeting: Meeting) -> None:
    leaver, stayer, subscriber = (
        meeting.join("leaver"),
        meeting.join("stayer"),
        meeting.join("subscriber", video_slots=2),
    )
    cameras = {leaver: VideoMaker(1, VIDEO, mid="v"), stayer: VideoMaker(2, VIDEO, mid="v")}
    for mid, (publisher, camera) in zip(("rv0", "rv1"), cameras.items(), strict=True):
        subscriber.show(mid, f"{publisher.name}/v")
        play(publisher, [camera], [subscriber], lambda: len(subscriber.received(mid)) >= 10)  # noqa: B023
    meeting.core.ask(delete_transport=pb.DeleteTransport(transport_id=leaver.name))
    subscriber.take()  # what was on its way before the answer
    before = {mid: len(subscriber.received(mid)) for mid in ("rv0", "rv1")}

    def both_send() -> None:
        leaver.send_rtp(*cameras[leaver].frame(key=True))
        stayer.take()
        stayer.send_rtp(*cameras[stayer].frame(key=2 in wanted_key_frames(stayer)))

    subscriber.wait(lambda: len(subscriber.received("rv1")) >= before["rv1"] + 50, interval=0.01, meanwhile=both_send)
    assert len(subscriber.received("rv0")) == before["rv0"]
    emptied = [event.slot_changed for event in meeting.core.events() if event.HasField("slot_changed")]
    assert any(change.mid == "rv0" and not change.source_id for change in emptied)


def test_a_deleted_subscriber_gets_nothing_more(meeting: Meeting) -> None:
    publisher, leaver, stayer = meeting.join("publisher"), meeting.join("leaver"), meeting.join("stayer")
    for subscriber in (leaver, stayer):
        subscriber.show("rv0", f"{publisher.name}/v")
    camera = VideoMaker(1, VIDEO, mid="v")

    def reached() -> bool:
        return all(len(subscriber.received("rv0")) >= 10 for subscriber in (leaver, stayer))

    play(publisher, [camera], [leaver, stayer], reached)
    meeting.core.ask(delete_transport=pb.DeleteTransport(transport_id=leaver.name))
    leaver.take()
    leaver.wait(lambda: leaver.handshake.closed)  # told by close_notify
    before, target = len(leaver.raw), len(stayer.received("rv0")) + 50
    play(publisher, [camera], [leaver, stayer], lambda: len(stayer.received("rv0")) >= target)
    assert len(leaver.raw) == before
    assert_continuous(stayer.received("rv0"))


def test_rooms_do_not_mix(core: CoreProcess, meeting: Meeting) -> None:
    with Meeting(core) as other:
        speaker, listener, stranger = meeting.join("speaker"), meeting.join("listener"), other.join("stranger")
        microphone = AudioMaker(2222, AUDIO, mid="a")

        def speak() -> None:
            speaker.send_rtp(microphone.packet())
            stranger.take()

        listener.wait(lambda: len(listener.received("ra0")) >= 30, interval=0.01, meanwhile=speak)
        assert stranger.rtp == []


def test_muting_a_source_frees_its_audio_slot(meeting: Meeting) -> None:
    loud, quiet, listener = meeting.join("loud"), meeting.join("quiet"), meeting.join("listener")
    makers = {
        loud: AudioMaker(1, AUDIO, mid="a", name=b"loud", level=5),
        quiet: AudioMaker(2, AUDIO, mid="a", name=b"quiet", level=40),
    }

    def speak() -> None:
        for participant, maker in makers.items():
            participant.send_rtp(maker.packet())

    def names() -> list[bytes]:
        return [packet.payload[1:].split()[0] for packet in listener.received("ra0")]

    listener.wait(lambda: names()[-20:] == [b"loud"] * 20, interval=0.01, meanwhile=speak)
    state = pb.SourceState(source_id=f"{loud.name}/a", active=False)
    meeting.core.ask(set_sources=pb.SetSources(transport_id=loud.name, sources=[state]))
    listener.wait(lambda: names()[-20:] == [b"quiet"] * 20, interval=0.01, meanwhile=speak)
    for before, after in pairwise(listener.received("ra0")):
        assert (after.sequence_number - before.sequence_number) & 0xFFFF == 1


def test_an_ice_restart_moves_the_media_to_a_new_address(meeting: Meeting) -> None:
    publisher, subscriber = meeting.join("publisher"), meeting.join("subscriber")
    subscriber.show("rv0", f"{publisher.name}/v")
    camera = VideoMaker(1111, VIDEO, mid="v")
    play(publisher, [camera], [subscriber], lambda: len(subscriber.received("rv0")) >= 10)
    restart_ice(subscriber)
    target = len(subscriber.received("rv0")) + 30
    play(publisher, [camera], [subscriber], lambda: len(subscriber.received("rv0")) >= target)


def restart_ice(participant: Participant) -> None:
    """New credentials and a new socket; DTLS and SRTP go on."""
    before = participant.transport
    request = pb.RestartIce(transport_id=participant.name, remote_ice_ufrag="fresh")
    participant.transport = participant.core.ask(restart_ice=request).transport
    assert participant.transport.ice_pwd != before.ice_pwd
    participant.ufrag = "fresh"
    participant.rebind()
    participant.wait(lambda: bool(participant.stun_answers), 5, 0.1, lambda: participant.send(participant.check()))
