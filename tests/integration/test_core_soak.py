"""Meeting after meeting on one core of small pools: in the end it holds what it held after the first ones."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiortc.rtp import RTCP_PSFB_PLI, RTCP_RTPFB_NACK, RtcpPsfbPacket, RtcpRtpfbPacket
from OpenSSL import SSL

from clients.core_process import CoreProcess
from clients.handshake import Certificate
from clients.media import AudioMaker, VideoMaker
from clients.meeting import Meeting, wanted_key_frames
from clients.participant import AUDIO, VIDEO, Participant
from clients.stream import TcpParticipant
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

SOAK_SECONDS = 600.0
FRAMES = 120
# Until the core has gone once around each of its rings, whose memory is touched for the first time then.
WARM_UP_MEETINGS, WARM_UP_FRAMES = 40, 12
FRAME_SECONDS = 0.01
# What is lost on its way to the core, and what a subscriber says was lost.
LOSS = 0.03
LEGS, PACKETS, EVENTS = 10, 2000, 512
# A leg takes two blocks of the key arena, which has two for each leg there may be and two more.
KEY_BLOCKS = 2 * LEGS + 2
# What Python and the C library may keep for themselves, of some hundred meetings.
RESIDENT_GROWTH_KB = 512
# Pools so small that whatever is not given back is missed soon; SIGUSR1 has the packet pool's figure written.
SMALL = f"""
import signal, sys
from conclave.core import loop, process

class Small(loop.Worker):
    def __new__(cls, **options):
        sizes = dict(legs={LEGS}, sources={2 * LEGS}, slots={4 * LEGS}, packets={PACKETS}, events={EVENTS})
        self = super().__new__(cls, **sizes, **options)
        signal.signal(signal.SIGUSR1, lambda *_: print(f"available={{self.packets_available}}", flush=True))
        return self

process.Worker = Small
sys.exit(process.main())
"""


@pytest.fixture
def core(tmp_path: Path) -> Iterator[CoreProcess]:
    with CoreProcess(tmp_path, entry=("-c", SMALL)) as process:
        yield process


@dataclass(frozen=True)
class Held:
    """What the process holds while nobody is there."""

    descriptors: int
    packets_available: int
    transports: int
    connections: int
    resident_kb: int


def held(core: CoreProcess) -> Held:
    proc = Path(f"/proc/{core.process.pid}")
    status = dict(line.split(":\t", 1) for line in (proc / "status").read_text().splitlines())
    core.process.send_signal(signal.SIGUSR1)
    return Held(
        descriptors=len(list((proc / "fd").iterdir())),
        packets_available=int(core.wait_for_line("available=").partition("=")[2]),
        transports=len(core.ask(list_transports=pb.ListTransports()).transports.transports),
        connections=core.worker_statistics().connections,
        resident_kb=int(status["VmRSS"].split()[0]),
    )


class LossyCamera:
    """A camera in three layers whose packets get lost on their way to the core, and come late when it asks."""

    def __init__(self, publisher: Participant, chance: random.Random) -> None:
        self.publisher = publisher
        self.arrived = 0
        self._chance = chance
        self._layers = [VideoMaker(chance.randrange(1, 1 << 32), VIDEO, "v", rid) for rid in "qhf"]
        self._lost: dict[tuple[int, int], bytes] = {}

    def film(self) -> None:
        """One frame of each layer; a key frame of all when one is asked for."""
        ssrcs = {layer.ssrc for layer in self._layers}
        key = not wanted_key_frames(self.publisher).isdisjoint(ssrcs) or self._layers[0].frames == 0
        for layer in self._layers:
            for packet in layer.frame(key=key, packets=2):
                protected = self.publisher.protect(packet)
                if self._chance.random() < LOSS:
                    self._lost[layer.ssrc, layer.sent[-1].sequence_number] = protected
                else:
                    self._send(protected)
        for nack in take_nacks(self.publisher):
            for number in nack.lost:
                if (late := self._lost.pop((nack.media_ssrc, number), None)) is not None:
                    self._send(late)

    def _send(self, protected: bytes) -> None:
        self.publisher.send(protected)
        self.arrived += 1


def take_nacks(participant: Participant) -> list[RtcpRtpfbPacket]:
    found = [each for each in participant.rtcp if isinstance(each, RtcpRtpfbPacket) and each.fmt == RTCP_RTPFB_NACK]
    participant.rtcp.clear()
    return found


def complain(subscriber: Participant, mid: str, chance: random.Random) -> int:
    """Says that some packets were lost, and now and then that a key frame is needed; how many are to come again."""
    ssrc = subscriber.slots[mid].ssrc
    if chance.random() < 0.1:
        subscriber.send_rtcp(bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=99, media_ssrc=ssrc)))
    recent = subscriber.received(mid)[-20:]
    lost = sorted({packet.sequence_number for packet in recent if chance.random() < LOSS})
    if lost:
        subscriber.send_rtcp(bytes(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=99, media_ssrc=ssrc, lost=lost)))
    return len(lost)


def hold_a_meeting(core: CoreProcess, chance: random.Random, frames: int = FRAMES) -> int:
    """Five come and go while one sends; returns how many did."""
    with Meeting(core) as meeting:
        publisher = meeting.join("publisher", rids=("q", "h", "f"))
        near = meeting.join("near")
        far = meeting.join("far", TcpParticipant)
        leaver = meeting.join("leaver", dtls_client=False)
        impostor = meeting.invite("impostor", announced_fingerprint=Certificate().fingerprint)
        with pytest.raises(SSL.Error):
            impostor.connect()
        subscribers = [near, far, leaver]
        camera, microphone = LossyCamera(publisher, chance), AudioMaker(7, AUDIO, mid="a")
        spoken, nacked = 0, Counter[str]()
        for frame in range(frames):
            if frame % 30 == 0:
                for subscriber in subscribers:
                    subscriber.show("rv0", f"{publisher.name}/v", max_layer=chance.randrange(3))
            if frame == frames // 2:
                # One leaves by the appliance's word, and its socket is silent from now on.
                core.ask(delete_transport=pb.DeleteTransport(transport_id=leaver.name))
                subscribers.remove(leaver)
            camera.film()
            publisher.send_rtp(microphone.packet())
            spoken += 1
            publisher.take(FRAME_SECONDS)
            for subscriber in subscribers:
                subscriber.take()
                if frame % 10 == 9:
                    nacked[subscriber.name] += complain(subscriber, "rv0", chance)
        for subscriber in subscribers:
            check_counters(core, subscriber, nacked[subscriber.name], frames)
        publisher.wait(lambda: core.statistics(publisher.name).packets_received == camera.arrived + spoken)
        # Events that nobody takes would wait in the core, ten thousand of them.
        core.events()
        assert not core.statistics(publisher.name).packets_dropped
    return 5


def check_counters(core: CoreProcess, subscriber: Participant, nacked: int, frames: int) -> None:
    """What the core says that it sent is what came."""

    def all_came() -> bool:
        counted = core.statistics(subscriber.name)
        repaired = len(subscriber.repaired("rv0"))
        return (counted.packets_sent, counted.nacks_received, counted.retransmissions_sent) == (
            len(subscriber.rtp),
            nacked,
            repaired,
        )

    subscriber.wait(all_came)
    assert len(subscriber.received("rv0")) > frames // 2, "two packets a frame"
    assert subscriber.received("ra0")
    numbers = sorted(packet.sequence_number for packet in subscriber.received("rv0"))
    assert len(set(numbers)) == len(numbers)


def test_a_core_holds_no_more_after_many_meetings(core: CoreProcess) -> None:
    chance = random.Random(20)
    end = time.monotonic() + SOAK_SECONDS
    visits = sum(hold_a_meeting(core, chance, WARM_UP_FRAMES) for _ in range(WARM_UP_MEETINGS))
    before = held(core)
    assert (before.packets_available, before.transports, before.connections) == (PACKETS, 0, 0)
    while time.monotonic() < end:
        visits += hold_a_meeting(core, chance)
    after = held(core)
    print(f"{visits} visits; before {before}, after {after}")
    assert visits > 2 * KEY_BLOCKS, "too few to miss a block that is not given back"
    assert after.resident_kb - before.resident_kb <= RESIDENT_GROWTH_KB
    assert replace(after, resident_kb=0) == replace(before, resident_kb=0)
    dropped = core.worker_statistics().packets_dropped
    assert not {"no_space", "authentication_failed", "index_reused", "malformed"} & set(dropped), dropped
