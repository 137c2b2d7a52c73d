"""What people send, as it is before anything protects it, and where of an appliance it is looked for.

The scripts are a test's own: they listen where a page or its worker hands plaintext to the browser, and change nothing.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from tests.browser.appliance import RunningAppliance
from tests.browser.participants import Participant, eventually
from tests.browser.tap import Tap
from tests.database import stored_values
from tests.memory import found_in_memory

from conclave.v1 import content_pb2, signalling_pb2

__all__ = [
    "IN_PAGE",
    "UPLOADS_IN_PAGE",
    "Places",
    "comes_listening",
    "frames_in_page",
    "frames_in_worker",
    "objects_in_page",
    "objects_in_worker",
    "secrets_in_worker",
    "uploads_in_page",
    "windows_of",
]

WINDOW = 32
# Past what stays readable of a frame, and in its first packet.
OFFSET = 24
# Of the last frames: what the core keeps of others it overwrites.
RECENT = 40
_SIGNATURE = 64
# An object's is longer than any frame's: the group's id is in it.
_FRAME_DATA = 40

_NOTING = f"""
  const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const noteFrame = (list, data) => {{
    const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
    if (bytes.length < {OFFSET + WINDOW}) return;
    const window = bytes.slice({OFFSET}, {OFFSET + WINDOW});
    // Silence and flat areas are the same everywhere.
    if (new Set(window).size >= 16) list.push([performance.timeOrigin + performance.now(), hex(window)]);
    if (list.length > 400) list.splice(0, 200);
  }};
"""

# In a room without end-to-end protection: every frame passes this page's own streams (Chromium alone has them).
IN_PAGE = f"""(() => {{
  {_NOTING}
  const frames = (window.canary = {{ audio: [], video: [], said: [] }});
  const {{ send }} = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {{
    frames.said.push(hex(new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength)));
    return send.call(this, data);
  }};
  const Original = RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {{
    constructor(configuration) {{
      super({{ ...configuration, encodedInsertableStreams: true }});
    }}
    addTransceiver(...values) {{
      const transceiver = super.addTransceiver(...values);
      for (const end of [transceiver.sender, transceiver.receiver]) {{
        const {{ readable, writable }} = end.createEncodedStreams();
        const noting = new TransformStream({{
          transform(frame, controller) {{
            const isAudio = frame instanceof RTCEncodedAudioFrame;
            // Of VP8 ten bytes at most are outside of what would be protected.
            const kept = isAudio ? frames.audio : frames.video;
            if (end === transceiver.sender) noteFrame(kept, isAudio ? frame.data : frame.data.slice(10));
            controller.enqueue(frame);
          }},
        }});
        readable.pipeThrough(noting).pipeTo(writable).catch(() => undefined);
      }}
      return transceiver;
    }}
  }};
}})()"""

# What a page hands to the browser to be uploaded: some of the ciphertext of each part.
UPLOADS_IN_PAGE = f"""(() => {{
  {_NOTING}
  window.uploaded = [];
  const {{ send }} = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (body) {{
    noteFrame(uploaded, body);
    return send.call(this, body);
  }};
}})()"""

# In the worker of an end-to-end room: what is handed to WebCrypto to be encrypted, and the keys.
_IN_WORKER = f"""(() => {{
  {_NOTING}
  const noted = (self.canary = {{ audio: [], video: [], secrets: [], said: [] }});
  const {{ encrypt, importKey }} = SubtleCrypto.prototype;
  SubtleCrypto.prototype.encrypt = function (algorithm, key, data) {{
    const authenticated = algorithm.additionalData?.byteLength ?? 0;
    if (authenticated > {_FRAME_DATA}) {{
      noted.said.push(hex(new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength)));
    }} else {{
      // A sound's header alone is authenticated, a picture's first bytes too.
      noteFrame(authenticated < 8 ? noted.audio : noted.video, data);
    }}
    return encrypt.call(this, algorithm, key, data);
  }};
  SubtleCrypto.prototype.importKey = function (format, data, algorithm, ...rest) {{
    const name = algorithm.name ?? algorithm;
    const isSecret = format === "pkcs8" || (format === "raw" && (name === "HKDF" || name === "AES-GCM"));
    if (isSecret) noted.secrets.push(hex(new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength)));
    return importKey.call(this, format, data, algorithm, ...rest);
  }};
}})()"""


def comes_listening(person: Participant, invite: str, script: str = _IN_WORKER) -> None:
    """Brings somebody in whose worker runs a script of the test's, before it has the keys of any epoch."""
    person.ask(invite)

    def listens() -> bool:
        try:
            person.page.do("inWorker", script)
        except AssertionError:
            return False  # There is no worker yet.
        return True

    eventually(f"the worker of {person.name} is listened to", 30, listens)
    # Otherwise the keys of its first epoch were missed.
    assert person.state()["protection"]["state"] == "securing"
    person.comes_in()


def frames_in_page(person: Participant) -> dict[str, list[bytes]]:
    """Windows of the last frames that a page has sent, which IN_PAGE has kept."""
    return _recent(person.page.evaluate("window.canary"))


def objects_in_page(person: Participant) -> list[bytes]:
    """What a page of a managed room has shared besides sound and pictures, as it went to the gateway."""
    sent = [
        signalling_pb2.ClientMessage.FromString(bytes.fromhex(each)) for each in person.page.evaluate("canary.said")
    ]
    return [each.send_content.clear.SerializeToString() for each in sent if each.send_content.HasField("clear")]


def frames_in_worker(person: Participant) -> dict[str, list[bytes]]:
    """Windows of the last frames that a page's worker has encrypted."""
    return _recent(person.page.do("inWorker", "self.canary"))


def objects_in_worker(person: Participant) -> dict[int, bytes]:
    """The last object of each kind that a page's worker has sealed."""
    found = {}
    for each in person.page.do("inWorker", "self.canary.said"):
        # A form, a signature, whom it is for, and the object; what goes to the vault reads as none.
        sealed = bytes.fromhex(each)
        recipient = 1 + _SIGNATURE
        if len(sealed) <= recipient or sealed[0] != 0:
            continue
        written = sealed[recipient + 1 + sealed[recipient] :]
        with suppress(DecodeError):
            read = content_pb2.ContentObject.FromString(written)
            if read.id and read.SerializeToString() == written:
                found[int(read.kind)] = written
    return found


def secrets_in_worker(person: Participant) -> list[bytes]:
    """Keys that a page's worker has used since it is listened to; the last 32 bytes of longer ones."""
    found = person.page.do("inWorker", "self.canary.secrets")
    return sorted({bytes.fromhex(each)[-32:] for each in found})


def uploads_in_page(person: Participant) -> list[bytes]:
    """A window of each part that a page has uploaded, as it was encrypted; UPLOADS_IN_PAGE has kept them."""
    return [bytes.fromhex(window) for _, window in person.page.evaluate("window.uploaded")]


def windows_of(content: bytes, count: int = 20) -> list[bytes]:
    """Windows of something larger, from all over its second half: beginnings are alike."""
    half = len(content) // 2
    places = range(half, len(content) - WINDOW, max(1, (half - WINDOW) // count))
    found = [content[place : place + WINDOW] for place in places]
    return [each for each in found if len(set(each)) >= 16][:count]


def _recent(kept: Mapping[str, Any]) -> dict[str, list[bytes]]:
    return {kind: [bytes.fromhex(window) for _, window in kept[kind]][-RECENT:] for kind in ("audio", "video")}


@dataclass
class Places:
    """Everywhere in an appliance where plaintext could be."""

    appliance: RunningAppliance
    taps: Mapping[str, Tap]

    @contextmanager
    def still(self) -> Iterator[dict[str, int]]:
        """Stops every process of the appliance meanwhile, so that nothing is overwritten; gives them by name."""
        processes = self.appliance.process_ids()
        for number in processes.values():
            os.kill(number, signal.SIGSTOP)
        try:
            yield processes
        finally:
            for number in processes.values():
                os.kill(number, signal.SIGCONT)

    def find(self, processes: Mapping[str, int], wanted: Sequence[bytes], scratch: Path) -> dict[str, set[bytes]]:
        """Which of these are where; places that have none are left out. To be asked while all stand still."""
        everywhere = {f"memory of {name}": found_in_memory(number, wanted) for name, number in processes.items()}
        for name, tap in self.taps.items():
            everywhere[f"traffic of {name}"] = found_in(bytes(tap.heard), wanted)
        for path in self.appliance.state.rglob("*"):
            if path.is_file() and not path.is_symlink():
                everywhere[f"file {path.relative_to(self.appliance.state)}"] = found_in(path.read_bytes(), wanted)
        for table, values in decrypted(self.appliance.state / "control", scratch).items():
            everywhere[f"table {table}"] = found_in(b"\n".join(values), wanted)
        return {place: found for place, found in everywhere.items() if found}


def found_in(content: bytes, wanted: Sequence[bytes]) -> set[bytes]:
    return {each for each in wanted if each in content}


def decrypted(own: Path, scratch: Path) -> dict[str, list[bytes]]:
    """The database as whoever has its key can read it, write-ahead log included."""
    copy = scratch / f"database-{time.monotonic_ns()}"
    copy.mkdir()
    for path in own.glob("conclave.db*"):
        shutil.copy(path, copy)
    return stored_values(copy / "conclave.db", own / "database.key")
