from __future__ import annotations

import struct

import pytest
from tests.unit.netem import NetEm

from conclave.core.nack import MissingPackets
from conclave.core.packet import StreamHistory
from conclave.core.rtx import unwrap, write_osn
from conclave.core.status import Status

MS = 1_000_000
HEADER_SIZE = 12
MEDIA_SSRC = 0x11223344
RTX_SSRC = 0x55667788
MEDIA_TYPE = 96
RTX_TYPE = 97


def rtp(payload_type: int, sequence_number: int, ssrc: int, payload: bytes, *, marker: bool = False) -> bytes:
    second = payload_type | (0x80 if marker else 0)
    return struct.pack("!BBHII", 0x80, second, sequence_number & 0xFFFF, 90_000, ssrc) + payload


# RFC 4588 section 4: the retransmission's payload is the OSN, then the original payload.
def test_a_retransmission_becomes_the_original() -> None:
    original = rtp(MEDIA_TYPE, 65535, MEDIA_SSRC, b"payload", marker=True)
    repeated = rtp(RTX_TYPE, 4, RTX_SSRC, write_osn(65535) + b"payload", marker=True)
    assert unwrap(repeated, HEADER_SIZE, MEDIA_TYPE, MEDIA_SSRC) == (Status.OK, original)


def test_the_header_extensions_stay() -> None:
    extension = bytes.fromhex("bede000110410000")
    header = b"\x90" + rtp(RTX_TYPE, 4, RTX_SSRC, b"")[1:] + extension
    status, original = unwrap(header + write_osn(7) + b"x", len(header), MEDIA_TYPE, MEDIA_SSRC)
    assert status == Status.OK
    assert original == b"\x90" + rtp(MEDIA_TYPE, 7, MEDIA_SSRC, b"")[1:] + extension + b"x"


def test_padding_that_was_taken_off_is_no_longer_announced() -> None:
    padded = b"\xa0" + rtp(RTX_TYPE, 4, RTX_SSRC, write_osn(9) + b"x")[1:]
    assert unwrap(padded, HEADER_SIZE, MEDIA_TYPE, MEDIA_SSRC) == (Status.OK, rtp(MEDIA_TYPE, 9, MEDIA_SSRC, b"x"))


@pytest.mark.parametrize(
    ("size", "status"),
    [(0, Status.TRUNCATED), (11, Status.TRUNCATED), (12, Status.INACTIVE), (13, Status.TRUNCATED), (14, Status.OK)],
)
def test_every_length(size: int, status: Status) -> None:
    packet = rtp(RTX_TYPE, 4, RTX_SSRC, write_osn(300))[:size]
    found, original = unwrap(packet, HEADER_SIZE, MEDIA_TYPE, MEDIA_SSRC)
    assert found == status
    assert original == (rtp(MEDIA_TYPE, 300, MEDIA_SSRC, b"") if status == Status.OK else None)


def test_a_header_shorter_than_rtp_is_truncated() -> None:
    assert unwrap(bytes(20), 11, MEDIA_TYPE, MEDIA_SSRC) == (Status.TRUNCATED, None)


class Sender:
    """Sends a stream, keeps it, and answers each sequence number asked for with a retransmission."""

    def __init__(self, first_index: int) -> None:
        self.next_index = first_index
        self._history = StreamHistory(600)
        self._retransmitted = 0

    def next_packet(self) -> bytes:
        packet = rtp(MEDIA_TYPE, self.next_index, MEDIA_SSRC, b"frame %d" % self.next_index)
        self._history.put(self.next_index, packet)
        self.next_index += 1
        return packet

    def retransmit(self, sequence_number: int) -> bytes | None:
        newest = self.next_index - 1
        original = self._history.get(newest - ((newest - sequence_number) & 0xFFFF))
        if original is None:
            return None
        self._retransmitted += 1
        payload = write_osn(sequence_number) + original[HEADER_SIZE:]
        return rtp(RTX_TYPE, self._retransmitted, RTX_SSRC, payload)


class Receiver:
    """Collects the payloads of a stream by extended sequence number and says what is missing."""

    def __init__(self, first_index: int) -> None:
        self.payloads: dict[int, bytes] = {}
        self.missing = MissingPackets()
        self._highest = first_index

    def receive(self, packet: bytes, now_ns: int) -> None:
        if packet[1] & 0x7F == RTX_TYPE:
            status, original = unwrap(packet, HEADER_SIZE, MEDIA_TYPE, MEDIA_SSRC)
            assert status == Status.OK
            assert original is not None
            packet = original
        distance = (int.from_bytes(packet[2:4], "big") - self._highest + 0x8000) & 0xFFFF
        index = self._highest + distance - 0x8000
        self._highest = max(self._highest, index)
        self.payloads[index] = packet[HEADER_SIZE:]
        self.missing.received(index, now_ns)


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_everything_arrives_over_a_network_that_loses_a_tenth(seed: int) -> None:
    first, count = 65_000, 2000
    forward = NetEm(loss=0.1, delay_ns=20 * MS, jitter_ns=8 * MS, duplication=0.02, seed=seed)
    back = NetEm(loss=0.1, delay_ns=20 * MS, jitter_ns=8 * MS, seed=seed + 100)
    sender, receiver = Sender(first), Receiver(first)
    receiver.receive(sender.next_packet(), 0)
    now_ns = 0
    # One packet a millisecond, then as long as somebody has something to do.
    while True:
        timeouts = [forward.next_timeout(), back.next_timeout(), receiver.missing.next_timeout()]
        if sender.next_index < first + count:
            timeouts.append((sender.next_index - first) * MS)
        pending = [timeout for timeout in timeouts if timeout is not None]
        if not pending:
            break
        now_ns = max(now_ns, min(pending))
        while sender.next_index < first + count and (sender.next_index - first) * MS <= now_ns:
            forward.send(now_ns, sender.next_packet())
        for packet in forward.receive(now_ns):
            receiver.receive(packet, now_ns)
        for sequence_number in receiver.missing.poll(now_ns, rtt_ns=50 * MS):
            back.send(now_ns, sequence_number.to_bytes(2, "big"))
        for request in back.receive(now_ns):
            repeated = sender.retransmit(int.from_bytes(request, "big"))
            if repeated is not None:
                forward.send(now_ns, repeated)
    assert forward.lost > count // 20
    assert not receiver.missing.take_overflow()
    # The tail can be lost unseen: nothing after it tells that it is missing.
    last = max(receiver.payloads)
    assert last >= first + count - 5
    assert receiver.payloads == {index: b"frame %d" % index for index in range(first, last + 1)}
