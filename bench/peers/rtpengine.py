"""rtpengine in user space: keys in the session description (RFC 4568), no ICE, no DTLS.

It passes packets on as they are to whoever can take the publisher's suite, under the publisher's key. Everybody else
here gives each subscriber a key of its own; so that it does too, its publisher's suite is AES-256-GCM, theirs
AES-128-GCM: one cipher of 51 is a little dearer.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import secrets
import select
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from bench.peers.server import ADDRESS, AES_256_GCM, Leg, open_socket, stop

__all__ = ["Rtpengine", "crypto"]

CONTROL = (ADDRESS, 2223)
# RFC 7714 section 14.1: suite, and bytes of key and salt.
PUBLISHER = ("AEAD_AES_256_GCM", 44)
SUBSCRIBER = ("AEAD_AES_128_GCM", 28)
PUBLISHER_SSRC = 4712
VP8 = 96
CALL = {"call-id": "bench", "from-tag": "publisher"}
PLAIN = {"ICE": "remove", "DTLS": "off", "transport-protocol": "RTP/SAVP"}
START_SECONDS = 10.0
ANSWER_SECONDS = 5.0


class Rtpengine:
    """One call in a process of its own; threads: how many of them forward."""

    name = "rtpengine"

    def __init__(self, directory: Path, threads: int = 1) -> None:
        self._log = directory / "rtpengine.log"
        self._threads = threads
        self._cookies = itertools.count(1)
        self._control = open_socket()
        said = subprocess.run(["rtpengine", "--version"], capture_output=True, text=True, check=True)
        version = re.search(r"Version: (\S+)", said.stdout + said.stderr)
        assert version, "rtpengine tells its version"
        self.version = f"rtpengine {version[1]} from Debian, user space, {threads} thread(s)"

    @property
    def process(self) -> int:
        """Its process id."""
        return self._process.pid

    def __enter__(self) -> Self:
        options = ("--foreground", "--log-stderr", "--log-level=4", "--config-file=none", "--table=-1")
        places = (
            f"--interface={ADDRESS}",
            f"--listen-ng={ADDRESS}:{CONTROL[1]}",
            "--port-min=20000",
            "--port-max=30000",
        )
        command = ["rtpengine", *options, *places, f"--num-threads={self._threads}"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=os.environ)
        self._control.connect(CONTROL)
        self._control.setblocking(False)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._control.close()
        stop(self._process)

    def publish(self) -> Leg:
        """The publisher."""
        opened, master = open_socket(), secrets.token_bytes(PUBLISHER[1])
        sdp = _describe(opened, master, PUBLISHER[0], direction="sendonly", ssrc=PUBLISHER_SSRC)
        answer = self._ask("publish", CALL | PLAIN | {"sdp": sdp, "codec": {"accept": ["any"]}})
        received = crypto(answer["sdp"], PUBLISHER[0])[1]
        return Leg(_connected(opened, answer["sdp"]), master, received, PUBLISHER_SSRC, VP8, AES_256_GCM)

    def subscribe(self) -> Leg:
        """One more subscriber: it answers what rtpengine offers."""
        offer = self._ask("subscribe request", CALL | PLAIN)
        opened, master = open_socket(), secrets.token_bytes(SUBSCRIBER[1])
        tag, received = crypto(offer["sdp"], SUBSCRIBER[0])
        sdp = _describe(opened, master, SUBSCRIBER[0], direction="recvonly", tag=tag)
        self._ask("subscribe answer", CALL | PLAIN | {"to-tag": offer["to-tag"], "sdp": sdp})
        return Leg(_connected(opened, offer["sdp"]), master, received, PUBLISHER_SSRC, VP8)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._ask("ping", {}, patience=0.1)
            except (TimeoutError, ConnectionRefusedError):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError(f"rtpengine does not start: {self._log.read_text()}") from None
                select.select([], [], [], 0.05)
            else:
                return

    def _ask(self, command: str, values: Mapping[str, object], patience: float = ANSWER_SECONDS) -> dict[str, Any]:
        cookie = str(next(self._cookies))
        self._control.send(f"{cookie} {json.dumps({'command': command} | dict(values))}".encode())
        deadline = time.monotonic() + patience
        while select.select([self._control], [], [], max(0.0, deadline - time.monotonic()))[0]:
            answered, _, body = self._control.recv(1 << 16).decode().partition(" ")
            if answered == cookie:
                answer: dict[str, Any] = json.loads(body)
                if answer["result"] not in ("ok", "pong"):
                    raise RuntimeError(f"rtpengine refuses {command}: {answer}")
                return answer
        raise TimeoutError("rtpengine does not answer")


def _describe(
    opened: socket.socket, master: bytes, suite: str, *, direction: str, tag: str = "1", ssrc: int = 0
) -> str:
    host, port = opened.getsockname()
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=video {port} RTP/SAVP {VP8}",
        f"a={direction}",
        f"a=rtpmap:{VP8} VP8/90000",
        f"a=crypto:{tag} {suite} inline:{base64.b64encode(master).decode()}",
        "a=rtcp-mux",
    ]
    if ssrc:
        lines.append(f"a=ssrc:{ssrc} cname:bench")
    return "\r\n".join(lines) + "\r\n"


def crypto(sdp: str, suite: str) -> tuple[str, bytes]:
    """Tag, and key and salt, of what the server sends under this suite. Raises ValueError."""
    found = re.search(rf"a=crypto:(\d+) {suite} inline:([A-Za-z0-9+/=]+)", sdp)
    if not found:
        raise ValueError(f"rtpengine does not offer {suite}")
    return found[1], base64.b64decode(found[2] + "==")


def _connected(opened: socket.socket, sdp: str) -> socket.socket:
    host, port = re.search(r"c=IN IP4 (\S+)", sdp), re.search(r"m=video (\d+) ", sdp)
    assert host and port, "a description names its address"
    opened.connect((host[1], int(port[1])))
    opened.setblocking(False)
    return opened
