"""Clients of our own code in one Node process that pytest drives; see services/web/test/crypto/driver.ts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave.v1 import identity_pb2

WEB = Path(__file__).parents[2] / "services" / "web"
MEETING = "rooms/a/meetings/b"


class Refused(Exception):
    """A client of ours refused what it was given; the text is the reason."""


class Deployment:
    """What signs who people are."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public_key = self._key.public_key().public_bytes_raw()

    def vouch(self, participant_id: str, identity_key: bytes) -> tuple[bytes, bytes]:
        """The statement about a participant of the meeting and the deployment's signature."""
        statement = identity_pb2.IdentityStatement(
            participant_id=participant_id, meeting=MEETING, display_name=participant_id, identity_key=identity_key
        ).SerializeToString(deterministic=True)
        return statement, self._key.sign(b"conclave identity v1\0" + statement)


class Driver:
    """The Node process; each client in it has a name."""

    def __init__(self, *prefix: str) -> None:
        """prefix: a command that runs Node's, such as nice."""
        self._process = subprocess.Popen(
            [*prefix, Path(sys.executable).with_name("node"), "test/crypto/driver.ts"],
            cwd=WEB,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, client: str, do: str, **values: object) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        line = json.dumps({"client": client, "do": do, **values}, default=bytes.hex)
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        answer = cast("dict[str, Any]", json.loads(self._process.stdout.readline() or '{"refusedFor": "driver ended"}'))
        if "refusedFor" in answer:
            raise Refused(f"{answer['refusedFor']} {answer.get('because', '')}")
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        assert self._process.wait(timeout=30) == 0, "the driver failed"
        self._process.stdout.close()


class WebClient:
    """One client of ours."""

    def __init__(self, driver: Driver, deployment: Deployment, name: str) -> None:
        self._driver, self._deployment, self.name = driver, deployment, name
        self.identity_key = bytes.fromhex(self.ask("identity")["identityKey"])
        self.epoch: dict[str, Any] = {}

    def ask(self, do: str, **values: object) -> dict[str, Any]:
        answer = self._driver.ask(self.name, do, **values)
        if "code" in answer:
            self.epoch = answer
        return answer

    def key_package(self) -> bytes:
        statement, signature = self._deployment.vouch(self.name, self.identity_key)
        values = {"statement": statement, "signature": signature, "deploymentKey": self._deployment.public_key}
        return bytes.fromhex(self.ask("leaf", **values, meeting=MEETING)["keyPackage"])

    def found(self) -> None:
        self.key_package()
        self.ask("found")

    def commit(self, *, add: list[bytes] | None = None, remove: list[int] | None = None) -> tuple[bytes, bytes]:
        """The commit and the Welcome, which is empty if nobody is added."""
        answer = self.ask("commit", add=add or [], remove=remove or [])
        return bytes.fromhex(answer["message"]), bytes.fromhex(answer.get("welcome", ""))

    def process(self, message: bytes) -> str:
        return str(self.ask("process", message=message)["effect"])

    def say(self, text: str, content_id: str, recipient: str = "") -> bytes:
        """Seals a line of chat, for everybody or for one participant."""
        return bytes.fromhex(self.ask("say", text=text, id=content_id, recipientId=recipient)["sealed"])

    def seal(self, frame: bytes) -> bytes:
        """Protects an Opus frame of the microphone."""
        return bytes.fromhex(self.ask("seal", context=0, codec="opus", frame=frame)["frame"])
