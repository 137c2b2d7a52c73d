"""A WebRTC client without a socket: STUN from aioice, SRTP from pylibsrtp, so that the core meets independent code."""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aioice import stun
from pylibsrtp import Policy, Session

from conclave.core.config import LegConfig, SlotConfig, SourceConfig
from conclave.core.switchboard import Simulation

if TYPE_CHECKING:
    from conclave.core.switchboard import Endpoint

PROFILE = 7  # AEAD_AES_128_GCM
MID_ID, RID_ID, REPAIRED_RID_ID, LEVEL_ID, TIME_ID, NUMBER_ID = 1, 2, 3, 4, 5, 6
EXTENSIONS = ((MID_ID, 1), (RID_ID, 2), (REPAIRED_RID_ID, 3), (LEVEL_ID, 4), (TIME_ID, 6), (NUMBER_ID, 5))
VP8, RTX, OPUS = 96, 97, 111
VP9, VP9_RTX = 98, 99
LOCAL_UFRAG, LOCAL_PWD = b"core0000", b"p" * 24


def session(key: bytes, *, inbound: bool) -> Session:
    direction = Policy.SSRC_ANY_INBOUND if inbound else Policy.SSRC_ANY_OUTBOUND
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    policy.window_size = 1024
    policy.allow_repeat_tx = True
    return Session(policy)


@dataclass
class Rtp:
    """One RTP packet as a receiver reads it."""

    payload_type: int
    marker: bool
    sequence_number: int
    rtp_timestamp: int
    ssrc: int
    payload: bytes
    padding: int
    # Across the transport; None without one.
    transport_number: int | None = None


def parse(packet: bytes) -> Rtp:
    first, second, sequence_number, timestamp, ssrc = struct.unpack("!BBHII", packet[:12])
    offset = 12 + 4 * (first & 15)
    number = None
    if first & 0x10:
        if packet[offset + 4] == NUMBER_ID << 4 | 1:
            (number,) = struct.unpack_from("!H", packet, offset + 5)
        offset += 4 + 4 * struct.unpack_from("!H", packet, offset + 2)[0]
    padding = packet[-1] if first & 0x20 else 0
    return Rtp(
        second & 127,
        second >= 128,
        sequence_number,
        timestamp,
        ssrc,
        packet[offset : len(packet) - padding],
        padding,
        number,
    )


def element(extension_id: int, data: bytes) -> bytes:
    return bytes([extension_id << 4 | len(data) - 1]) + data


def build(
    payload_type: int,
    sequence_number: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    *,
    marker: bool = False,
    extensions: bytes = b"",
) -> bytes:
    extensions += b"\0" * (-len(extensions) % 4)
    head = struct.pack(
        "!BBHII",
        0x80 | (0x10 if extensions else 0),
        payload_type | (0x80 if marker else 0),
        sequence_number & 0xFFFF,
        timestamp & 0xFFFFFFFF,
        ssrc,
    )
    block = struct.pack("!HH", 0xBEDE, len(extensions) // 4) + extensions if extensions else b""
    return head + block + payload


def vp8(picture_id: int, *, key: bool, start: bool, body: bytes) -> bytes:
    """RFC 7741: X, S; I with a 15-bit picture id; then the first byte of the frame with its P bit."""
    descriptor = bytes([0x80 | (0x10 if start else 0), 0x80]) + struct.pack("!H", 0x8000 | picture_id & 0x7FFF)
    return descriptor + (bytes([0 if key else 1]) if start else b"\x02") + body


def vp9(picture_id: int, *, key: bool, start: bool, body: bytes) -> bytes:
    """RFC 9628 as Chromium has it: I with 15 bits, L with TL0PICIDX; of a key frame the structure of one layer too."""
    flags = 0xA0 | (0 if key else 0x40) | (0x08 if start else 0) | (0x02 if key and start else 0)
    structure = bytes.fromhex("18 0280 0168 01 04 01") if key and start else b""
    numbers = struct.pack("!HBB", 0x8000 | picture_id & 0x7FFF, 0, picture_id & 0xFF)
    # Nothing of the frame itself means anything to the core: here it is ciphertext.
    return bytes([flags]) + numbers + structure + b"\xff" + body


@dataclass
class Stream:
    """A stream that a client sends, in VP8 or VP9."""

    mid: bytes
    ssrc: int
    rid: bytes = b""
    sequence_number: int = field(default_factory=lambda: 1000)
    timestamp: int = 90_000
    picture_id: int = 7
    frames: int = 0
    payload_type: int = VP8

    def frame(self, packets: int = 1, *, key: bool = False, size: int = 100) -> list[bytes]:
        extensions = element(MID_ID, self.mid) + (element(RID_ID, self.rid) if self.rid else b"")
        out = []
        for i in range(packets):
            body = self.frames.to_bytes(4, "big") + bytes([i]) * size
            describe = vp9 if self.payload_type == VP9 else vp8
            payload = describe(self.picture_id, key=key, start=i == 0, body=body)
            out.append(
                build(
                    self.payload_type,
                    self.sequence_number,
                    self.timestamp,
                    self.ssrc,
                    payload,
                    marker=i == packets - 1,
                    extensions=extensions,
                )
            )
            self.sequence_number += 1
        self.timestamp += 3000
        self.picture_id += 1
        self.frames += 1
        return out


class Peer:
    """One client of a Simulation."""

    count = 0

    def __init__(
        self,
        core: Simulation,
        *,
        room: int = 1,
        sources: tuple[SourceConfig, ...] = (),
        slots: tuple[SlotConfig, ...] = (),
        now_ns: int = 0,
        connection: int = 0,
    ) -> None:
        Peer.count += 1
        self.core = core
        host = f"10.0.{Peer.count >> 8 & 255}.{Peer.count & 255}"
        # Over TCP when there is a connection.
        self.address: Endpoint = (host, 40000, connection) if connection else (host, 40000)
        self.ufrag = f"peer{Peer.count}"
        self.local_ufrag = f"core{Peer.count}"
        self.leg = core.create_leg(
            LegConfig(
                room=room,
                local_ufrag=self.local_ufrag.encode(),
                local_pwd=LOCAL_PWD,
                remote_ufrag=self.ufrag.encode(),
                extensions=EXTENSIONS,
                sources=sources,
                slots=slots,
            )
        )
        up, down = secrets.token_bytes(28), secrets.token_bytes(28)
        core.set_keys(self.leg, PROFILE, down[:16], down[16:], up[:16], up[16:])
        self.outbound = session(up, inbound=False)
        self.inbound = session(down, inbound=True)
        self.rtp: list[Rtp] = []
        self.rtcp: list[bytes] = []
        self.stun: list[stun.Message] = []
        self.groups: list[int] = []
        self.protected: list[bytes] = []
        self.check(now_ns)

    def request(self, *, password: bytes = LOCAL_PWD, controlled: bool = False, nominate: bool = True) -> bytes:
        message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self.local_ufrag}:{self.ufrag}"
        message.attributes["PRIORITY"] = 1
        message.attributes["ICE-CONTROLLED" if controlled else "ICE-CONTROLLING"] = 1
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(password)
        return bytes(message)

    def check(self, now_ns: int) -> None:
        self.core.receive(now_ns, self.address, self.request())

    def send(self, packets: list[bytes] | bytes, now_ns: int) -> None:
        for packet in [packets] if isinstance(packets, bytes) else packets:
            self.core.receive(now_ns, self.address, self.outbound.protect(packet))

    def send_rtcp(self, packet: bytes, now_ns: int) -> None:
        self.core.receive(now_ns, self.address, self.outbound.protect_rtcp(packet))

    def take(self, datagram: bytes) -> None:
        if datagram[0] < 4:
            self.stun.append(stun.parse_message(datagram))
        elif 192 <= datagram[1] <= 223:
            self.rtcp.append(self.inbound.unprotect_rtcp(datagram))
        else:
            self.protected.append(datagram)
            self.rtp.append(parse(self.inbound.unprotect(datagram)))

    def of(self, ssrc: int) -> list[Rtp]:
        return [packet for packet in self.rtp if packet.ssrc == ssrc]


def deliver(core: Simulation, *peers: Peer) -> None:
    """Hands what the core sends to the peers."""
    by_address = {peer.address: peer for peer in peers}
    for address, datagrams in core.transmit():
        peer = by_address.get(address)
        if peer is not None:
            peer.groups.append(len(datagrams))
            for datagram in datagrams:
                peer.take(datagram)


def camera(mid: bytes = b"1", rids: tuple[bytes, ...] = (), *, active: bool = True) -> SourceConfig:
    return SourceConfig(mid=mid, video=True, payload_type=VP8, rtx_payload_type=RTX, rids=rids, active=active)


def microphone(mid: bytes = b"0", *, active: bool = True) -> SourceConfig:
    return SourceConfig(mid=mid, video=False, payload_type=OPUS, rtx_payload_type=0, active=active)


def video_slot(ssrc: int, *, transport_cc: bool = False) -> SlotConfig:
    return SlotConfig(
        mid=b"v%d" % ssrc,
        video=True,
        payload_type=VP8,
        rtx_payload_type=RTX,
        ssrc=ssrc,
        rtx_ssrc=ssrc + 1,
        transport_cc=transport_cc,
    )


def audio_slot(ssrc: int, *, transport_cc: bool = False) -> SlotConfig:
    return SlotConfig(
        mid=b"a%d" % ssrc,
        video=False,
        payload_type=OPUS,
        rtx_payload_type=0,
        ssrc=ssrc,
        rtx_ssrc=0,
        transport_cc=transport_cc,
    )
