"""A browser's way in: ICE as the controlling side, then DTLS, for servers that take a session description."""

from __future__ import annotations

import re
import secrets
import select
import socket
import time
from collections.abc import Callable

from aioice import stun
from bench.peers.server import AES_128_GCM, Leg

from clients.handshake import GCM_128, PROFILES, Certificate, Handshake

__all__ = ["Description", "connect", "describe"]

CONNECT_SECONDS = 15.0
RETRY_SECONDS = 0.05
PRIORITY = 1_853_817_087  # of a host candidate


class Description:
    """What a session description of a server with one m-line says."""

    def __init__(self, sdp: str) -> None:
        self.ice_ufrag = self._first(r"a=ice-ufrag:(\S+)", sdp)
        self.ice_pwd = self._first(r"a=ice-pwd:(\S+)", sdp)
        self.payload_type = int(self._first(r"a=rtpmap:(\d+) VP8/90000", sdp))
        self.mid = self._first(r"a=mid:(\S+)", sdp)
        found = re.search(r"a=ssrc:(\d+) ", sdp)
        self.ssrc = int(found[1]) if found else 0
        candidates = re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", sdp, re.IGNORECASE)
        if not candidates:
            raise ValueError("the server offers no UDP candidate")
        self.address = (candidates[0][0], int(candidates[0][1]))

    @staticmethod
    def _first(pattern: str, sdp: str) -> str:
        found = re.search(pattern, sdp)
        if not found:
            raise ValueError(f"the session description lacks {pattern}")
        return found[1]


class Credentials:
    """ICE's and DTLS's of one client."""

    def __init__(self, certificate: Certificate) -> None:
        self.ufrag, self.pwd = secrets.token_hex(4), secrets.token_hex(12)
        self.certificate = certificate


def describe(
    client: Credentials,
    opened: socket.socket,
    *,
    payload_type: int,
    direction: str,
    mid: str = "0",
    ssrc: int = 0,
) -> str:
    """A client's description of one video m-line. ssrc: of what it sends, 0 for nothing.

    The server begins with DTLS: it knows when it is ready to, and nobody waits for a repetition.
    """
    host, port = opened.getsockname()
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mid}",
        f"m=video {port} UDP/TLS/RTP/SAVPF {payload_type}",
        f"c=IN IP4 {host}",
        f"a={direction}",
        f"a=mid:{mid}",
        "a=rtcp-mux",
        f"a=ice-ufrag:{client.ufrag}",
        f"a=ice-pwd:{client.pwd}",
        f"a=fingerprint:sha-256 {client.certificate.fingerprint}",
        "a=setup:passive",
        f"a=rtpmap:{payload_type} VP8/90000",
        f"a=rtcp-fb:{payload_type} nack",
        f"a=rtcp-fb:{payload_type} nack pli",
        f"a=rtcp-fb:{payload_type} ccm fir",
        f"a=candidate:1 1 udp 2130706431 {host} {port} typ host",
        "a=end-of-candidates",
    ]
    if ssrc:
        lines.append(f"a=ssrc:{ssrc} cname:bench")
    return "\r\n".join(lines) + "\r\n"


def connect(client: Credentials, opened: socket.socket, server: Description, ssrc: int, payload_type: int) -> Leg:
    """Checks the server's candidate and shakes hands as DTLS server. Raises TimeoutError."""
    opened.connect(server.address)
    opened.setblocking(False)
    username = f"{server.ice_ufrag}:{client.ufrag}"
    answered = False
    handshake = Handshake(client.certificate, client=False, profiles=[GCM_128])

    def read() -> None:
        nonlocal answered
        for datagram in _arrived(opened):
            if datagram[0] >= 20:
                handshake.feed(datagram)
                continue
            message = stun.parse_message(datagram)
            if message.message_class is stun.Class.RESPONSE:
                answered = True
            elif message.message_class is stun.Class.REQUEST:
                opened.send(_answer(message, opened, client.pwd))

    def check() -> None:
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = username
        request.attributes["PRIORITY"] = PRIORITY
        request.attributes["ICE-CONTROLLING"] = 1
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(server.ice_pwd.encode())
        opened.send(bytes(request))

    def greet() -> None:
        handshake.step()
        for datagram in handshake.take():
            opened.send(datagram)

    _until(lambda: answered, opened, check, read)
    _until(lambda: handshake.finished, opened, greet, read)
    greet()
    (send, _), (receive, _) = handshake.keys()
    assert handshake.profile() in PROFILES, "the profile was the only one offered"
    names = (username.encode(), server.ice_pwd.encode(), client.pwd.encode())
    return Leg(opened, send, receive, ssrc, payload_type, AES_128_GCM, *names)


def _arrived(opened: socket.socket) -> list[bytes]:
    datagrams = []
    while True:
        try:
            datagrams.append(opened.recv(2048))
        except (BlockingIOError, ConnectionRefusedError):
            return datagrams


def _until(
    condition: Callable[[], bool], opened: socket.socket, again: Callable[[], None], read: Callable[[], None]
) -> None:
    deadline = time.monotonic() + CONNECT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the server does not answer")
        again()
        select.select([opened], [], [], RETRY_SECONDS)
        read()


def _answer(request: stun.Message, opened: socket.socket, pwd: str) -> bytes:
    answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
    answer.attributes["XOR-MAPPED-ADDRESS"] = opened.getpeername()
    answer.add_message_integrity(pwd.encode())
    return bytes(answer)
