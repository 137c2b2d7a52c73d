"""Janus' VideoRoom, tuned: two event loops in place of a thread a handle, and libsrtp over OpenSSL where there is one.

Debian's libsrtp is built on NSS, which is slow: see libsrtp.py. Everything but the VideoRoom and its Unix socket is
off, ICE is lite, and its log stays quiet.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from bench.peers import libsrtp
from bench.peers.server import ADDRESS, Leg, open_socket, stop
from bench.peers.webrtc import Credentials, Description, connect, describe

from clients.handshake import Certificate

__all__ = ["Janus"]

FOLDER = Path("/usr/lib/x86_64-linux-gnu/janus")
PUBLISHER_SSRC = 4711
VP8 = 96
ROOM = 1
START_SECONDS = 5.0
STARTS = 20
ANSWER_SECONDS = 15.0


class Janus:
    """One room in a process of its own; directory: for its configuration, of its own too."""

    name = "Janus"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._log = directory / "janus.log"
        self._transactions = itertools.count(1)
        self._feed = 0
        self._session = 0
        self._certificate = Certificate()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._environment, library = libsrtp.over_openssl(directory)
        self.version = f"{_version()}, event_loops = 2, {library}"

    @property
    def process(self) -> int:
        """Its process id."""
        return self._process.pid

    def __enter__(self) -> Self:
        configuration = self._directory / "janus"
        configuration.mkdir()
        path = self._directory / "janus.sock"
        for name, text in _configuration(path).items():
            (configuration / name).write_text(text)
        # The thread that listens ends at once where it runs before Janus has noted that its socket is there.
        for _ in range(STARTS):
            self._start(configuration)
            if self._listens(path):
                self._make_room()
                return self
        raise RuntimeError(f"Janus does not start: {self._log.read_text()}")

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        stop(self._process)

    def publish(self) -> Leg:
        """The publisher."""
        handle = self._attach()
        joined = self._ask(handle, {"request": "join", "ptype": "publisher", "room": ROOM})
        self._feed = joined["plugindata"]["data"]["id"]
        client, opened = Credentials(self._certificate), open_socket()
        offer = describe(client, opened, payload_type=VP8, direction="sendonly", ssrc=PUBLISHER_SSRC)
        answer = self._ask(handle, {"request": "configure", "video": True}, {"type": "offer", "sdp": offer})
        leg = connect(client, opened, Description(answer["jsep"]["sdp"]), PUBLISHER_SSRC, VP8)
        # Subscriptions are refused before.
        self._await(lambda event: event["janus"] == "webrtcup" and event["sender"] == handle)
        return leg

    def subscribe(self) -> Leg:
        """One more subscriber."""
        handle = self._attach()
        streams = [{"feed": self._feed}]
        offered = self._ask(handle, {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": streams})
        server = Description(offered["jsep"]["sdp"])
        client = Credentials(self._certificate)
        opened = open_socket()
        payload_type = server.payload_type
        answer = describe(client, opened, payload_type=payload_type, direction="recvonly", mid=server.mid)
        self._ask(handle, {"request": "start"}, {"type": "answer", "sdp": answer})
        return connect(client, opened, server, server.ssrc, payload_type)

    def _start(self, configuration: Path) -> None:
        command = ["janus", "--configs-folder", str(configuration), "--config", str(configuration / "janus.jcfg")]
        environment = {**os.environ, **self._environment}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)

    def _listens(self, path: Path) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self._socket.connect(str(path))
            except (FileNotFoundError, ConnectionRefusedError):
                select.select([], [], [], 0.05)
            else:
                return True
        stop(self._process)
        return False

    def _make_room(self) -> None:
        self._session = self._request({"janus": "create"})["data"]["id"]
        handle = self._attach()
        room = {"request": "create", "room": ROOM, "publishers": 1, "bitrate": 0, "fir_freq": 0, "videocodec": "vp8"}
        extensions = ("audiolevel_ext", "videoorient_ext", "playoutdelay_ext", "transport_wide_cc_ext")
        message = {"janus": "message", "handle_id": handle, "body": {**room, **dict.fromkeys(extensions, False)}}
        created = self._request({**message, "session_id": self._session})
        assert created["plugindata"]["data"]["videoroom"] == "created", created

    def _attach(self) -> int:
        attach = {"janus": "attach", "plugin": "janus.plugin.videoroom", "session_id": self._session}
        handle: int = self._request(attach)["data"]["id"]
        return handle

    def _ask(self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        """Sends a message to the room and waits for the event that answers it."""
        message = {"janus": "message", "session_id": self._session, "handle_id": handle, "body": body}
        event = self._answer(self._send(message | ({"jsep": jsep} if jsep else {})), "event")
        data = event["plugindata"]["data"]
        if "error" in data:
            raise RuntimeError(f"Janus refuses {body['request']}: {data['error']}")
        return event

    def _request(self, message: dict[str, Any]) -> dict[str, Any]:
        return self._answer(self._send(message), "success")

    def _send(self, message: dict[str, Any]) -> str:
        transaction = str(next(self._transactions))
        self._socket.send(json.dumps({**message, "transaction": transaction}).encode())
        return transaction

    def _answer(self, transaction: str, kind: str) -> dict[str, Any]:
        def answers(event: dict[str, Any]) -> bool:
            return event.get("transaction") == transaction and event["janus"] in (kind, "error")

        event = self._await(answers)
        if event["janus"] == "error":
            raise RuntimeError(f"Janus refuses: {event['error']['reason']}")
        return event

    def _await(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Drops events until one is wanted."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))[0]:
            event: dict[str, Any] = json.loads(self._socket.recv(1 << 16))
            if wanted(event):
                return event
        raise TimeoutError("Janus does not answer")


def _version() -> str:
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "janus"], capture_output=True, text=True, check=True)
    return f"Janus {said.stdout} from Debian"


def _configuration(path: Path) -> dict[str, str]:
    """Files of its configuration folder; only what is named here is loaded."""

    def others(folder: str, wanted: str) -> str:
        names = sorted(each.name for each in (FOLDER / folder).glob("*.so") if each.name != wanted)
        return ",".join(names)

    return {
        "janus.jcfg": f"""
general: {{
  plugins_folder = "{FOLDER}/plugins"
  transports_folder = "{FOLDER}/transports"
  events_folder = "{FOLDER}/events"
  loggers_folder = "{FOLDER}/loggers"
  debug_level = 2
  event_loops = 2
  session_timeout = 0
}}
media: {{ ipv6 = false }}
nat: {{ ice_lite = true, ice_enforce_list = "{ADDRESS}" }}
plugins: {{ disable = "{others("plugins", "libjanus_videoroom.so")}" }}
transports: {{ disable = "{others("transports", "libjanus_pfunix.so")}" }}
loggers: {{ disable = "{others("loggers", "")}" }}
events: {{ broadcast = false }}
""",
        "janus.transport.pfunix.jcfg": f"""
general: {{ enabled = true, json = "plain", path = "{path}", type = "SOCK_SEQPACKET" }}
admin: {{ admin_enabled = false }}
""",
        "janus.plugin.videoroom.jcfg": "general: { }\n",
    }
