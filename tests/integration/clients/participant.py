"""A synthetic participant: ICE checks, DTLS and SRTP over one UDP socket."""

from __future__ import annotations

import secrets
import select
import socket
import time
from typing import TYPE_CHECKING, Protocol, TypeVar

from aioice import stun
from aiortc.rtp import RtcpPacket, RtpPacket

from clients.handshake import GCM_128, Certificate, Handshake
from clients.media import EXTENSION_IDS, EXTENSIONS
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

    from pylibsrtp import Session

    from clients.core_process import CoreProcess

__all__ = ["AUDIO", "VIDEO", "VIDEO_RTX", "VIDEO_VP9", "Participant"]

AUDIO, VIDEO, VIDEO_RTX = 111, 96, 97
VIDEO_VP9, VIDEO_VP9_RTX = 98, 99
CHECK_SECONDS = 1.0  # between consent checks (RFC 7675 asks for one every 5 s)
RETRY_SECONDS = 0.1

_KINDS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": pb.HeaderExtension.KIND_MID,
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": pb.HeaderExtension.KIND_RID,
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": pb.HeaderExtension.KIND_REPAIRED_RID,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": pb.HeaderExtension.KIND_AUDIO_LEVEL,
}
Result = TypeVar("Result")


class DatagramSocket(Protocol):
    """What a participant needs of its socket."""

    def fileno(self) -> int: ...
    def send(self, datagram: bytes, /) -> object: ...
    def recv(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class Participant:
    """Sends on mid "a" (Opus) and "v" (VP8 or VP9), receives on audio slots "ra0", ... and video slots "rv0", ...

    rtp, rtcp: what came so far, decrypted; sent: protected datagrams as they went out.
    """

    def __init__(
        self,
        core: CoreProcess,
        name: str,
        room: str = "room",
        *,
        rids: tuple[str, ...] = (),
        audio_slots: int = 1,
        video_slots: int = 1,
        profiles: list[str] | None = None,
        dtls_client: bool = True,
        announced_fingerprint: str | None = None,
    ) -> None:
        self.core = core
        self.name = name
        self.certificate = Certificate()
        self.ufrag = secrets.token_hex(4)
        self.handshake = Handshake(self.certificate, client=dtls_client, profiles=profiles or [GCM_128])
        self.rtp: list[RtpPacket] = []
        self.rtcp: list[object] = []
        self.raw: list[bytes] = []
        self.sent: list[bytes] = []
        self.stun_answers: list[stun.Message] = []
        self.stun_errors: list[stun.Message] = []
        self.transport = core.ask(
            create_transport=pb.CreateTransport(
                transport_id=name,
                room_id=room,
                remote_ice_ufrag=self.ufrag,
                remote_dtls_fingerprint=announced_fingerprint or self.certificate.fingerprint,
                dtls_client=not dtls_client,
                header_extensions=[
                    pb.HeaderExtension(kind=_KINDS[uri], id=number) for number, uri in EXTENSION_IDS.items()
                ],
                sources=[
                    pb.Source(
                        source_id=f"{name}/a",
                        mid="a",
                        kind=pb.MEDIA_KIND_AUDIO,
                        payload_type=AUDIO,
                        active=True,
                    ),
                    pb.Source(
                        source_id=f"{name}/v",
                        mid="v",
                        kind=pb.MEDIA_KIND_VIDEO,
                        payload_type=VIDEO,
                        rtx_payload_type=VIDEO_RTX,
                        vp9_payload_type=VIDEO_VP9,
                        vp9_rtx_payload_type=VIDEO_VP9_RTX,
                        rids=rids,
                        active=True,
                    ),
                ],
                slots=[
                    *(pb.Slot(mid=f"ra{i}", kind=pb.MEDIA_KIND_AUDIO, payload_type=AUDIO) for i in range(audio_slots)),
                    *(
                        pb.Slot(
                            mid=f"rv{i}",
                            kind=pb.MEDIA_KIND_VIDEO,
                            payload_type=VIDEO,
                            rtx_payload_type=VIDEO_RTX,
                            vp9_payload_type=VIDEO_VP9,
                            vp9_rtx_payload_type=VIDEO_VP9_RTX,
                        )
                        for i in range(video_slots)
                    ),
                ],
            )
        ).transport
        self.slots = {slot.mid: slot for slot in self.transport.slots}
        self.socket: DatagramSocket = self._open()
        self._send: Session | None = None
        self._receive: Session | None = None
        self._next_check = 0.0

    def _open(self) -> DatagramSocket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind(("127.0.0.1", 0))
        opened.connect(("127.0.0.1", self.transport.udp_port))
        opened.setblocking(False)
        return opened

    def close(self) -> None:
        """Closes the socket without a word."""
        self.socket.close()

    def rebind(self) -> None:
        """Goes on from another port, as after a change of network."""
        self.socket.close()
        self.socket = self._open()
        self.stun_answers.clear()

    def check(self, *, pwd: str | None = None, nominate: bool = True, username: str | None = None) -> bytes:
        """A binding request as a controlling agent sends it."""
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = username or f"{self.transport.ice_ufrag}:{self.ufrag}"
        message.attributes["PRIORITY"] = 1_853_817_087
        message.attributes["ICE-CONTROLLING"] = 1
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity((pwd or self.transport.ice_pwd).encode())
        return bytes(message)

    def connect(self, timeout: float = 15.0) -> None:
        """ICE, then DTLS, until keys are there and the core says connected."""
        self.wait(lambda: bool(self.stun_answers), timeout, RETRY_SECONDS, lambda: self.send(self.check()))
        self.handshake.step()
        self._flush()
        self.wait(lambda: self.handshake.finished, timeout, RETRY_SECONDS, self._step)
        assert self.handshake.peer_fingerprint() == self.core.ask(get_info=pb.GetInfo()).info.dtls_fingerprint
        self._send, self._receive = self.handshake.sessions()
        connected = pb.TRANSPORT_STATE_CONNECTED
        self.wait(lambda: self.state() == connected, timeout)

    def state(self) -> int:
        """The transport's state as the core lists it."""
        transports = self.core.ask(list_transports=pb.ListTransports()).transports.transports
        return next(transport.state for transport in transports if transport.transport_id == self.name)

    def show(self, mid: str, source_id: str, max_layer: int = 2) -> None:
        """Asks for a source in a slot."""
        wish = pb.SlotWish(mid=mid, source_id=source_id, max_layer=max_layer)
        self.core.ask(set_slots=pb.SetSlots(transport_id=self.name, slots=[wish]))

    def send(self, datagram: bytes) -> None:
        """Sends bytes as they are."""
        self.socket.send(datagram)

    def protect(self, packet: bytes) -> bytes:
        """Protects an RTP packet."""
        assert self._send is not None, "connect first"
        return self._send.protect(packet)

    def send_rtp(self, *packets: bytes) -> None:
        """Protects and sends RTP packets."""
        for packet in packets:
            self.sent.append(self.protect(packet))
            self.send(self.sent[-1])

    def send_rtcp(self, packet: bytes) -> None:
        """Protects and sends a compound RTCP packet."""
        assert self._send is not None, "connect first"
        self.send(self._send.protect_rtcp(packet))

    def received(self, mid: str) -> list[RtpPacket]:
        """RTP packets of one slot."""
        return [packet for packet in self.rtp if packet.ssrc == self.slots[mid].ssrc]

    def repaired(self, mid: str) -> list[RtpPacket]:
        """RTX packets of one slot."""
        return [packet for packet in self.rtp if packet.ssrc == self.slots[mid].rtx_ssrc]

    def take(self, timeout: float = 0.0) -> None:
        """Reads what has arrived, after waiting at most `timeout` seconds for the first datagram."""
        if time.monotonic() >= self._next_check and self.stun_answers:
            self._next_check = time.monotonic() + CHECK_SECONDS
            self.send(self.check())
        select.select([self.socket], [], [], timeout)
        while True:
            try:
                datagram = self.socket.recv(2048)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self._read(datagram)

    def wait(
        self,
        condition: Callable[[], Result],
        timeout: float = 10.0,
        interval: float = 0.05,
        meanwhile: Callable[[], None] | None = None,
    ) -> Result:
        """Reads until a condition holds, doing something every `interval` seconds; raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{self.name}: the condition did not come true in {timeout} s")
            if meanwhile is not None:
                meanwhile()
            self.take(interval)

    def _read(self, datagram: bytes) -> None:
        first = datagram[0]
        if first < 4:
            answer = stun.parse_message(datagram)
            if answer.message_class is stun.Class.RESPONSE:
                assert answer.check_message_integrity(self.transport.ice_pwd.encode())
                self.stun_answers.append(answer)
            else:
                self.stun_errors.append(answer)
        elif 20 <= first < 64:
            self.handshake.feed(datagram)
            self._flush()
        elif self._receive is not None:
            self.raw.append(datagram)
            # Packets that fail here would show a fault of the core: libsrtp raises and the test ends.
            if 192 <= datagram[1] <= 223:
                self.rtcp += RtcpPacket.parse(self._receive.unprotect_rtcp(datagram))
            else:
                self.rtp.append(RtpPacket.parse(self._receive.unprotect(datagram), EXTENSIONS))

    def _step(self) -> None:
        self.handshake.step()
        self._flush()

    def _flush(self) -> None:
        for datagram in self.handshake.take():
            self.send(datagram)
