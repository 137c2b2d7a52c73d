"""Listens in on a Unix socket between two processes: a relay in its place, which keeps every byte."""

from __future__ import annotations

import os
import selectors
import socket
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import TracebackType

__all__ = ["Tap"]


class Tap:
    """Takes the place of a listening socket's file: who connects from now on is heard.

    Connections that stand are not; a process that is killed comes back through the tap. Use as a context manager.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._behind = path, path.with_name(f"{path.name}.tapped")
        self.heard = bytearray()
        self._selector = selectors.DefaultSelector()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._wake, self._waker = socket.socketpair()
        self._thread = Thread(target=self._relay, name=f"tap of {path.name}", daemon=True)

    def __enter__(self) -> Tap:
        status = self._path.stat()
        self._path.rename(self._behind)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._path))
        # As the one behind it was: whoever could open that can open this, and nobody else.
        self._path.chmod(status.st_mode & 0o777)
        os.chown(self._path, status.st_uid, status.st_gid)
        self._listener.listen()
        for heard in (self._listener, self._wake):
            self._selector.register(heard, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._waker.close()
        self._thread.join(timeout=10)
        for each in (self._listener, self._wake, *self._peers):
            each.close()
        self._path.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            self._behind.rename(self._path)

    def _relay(self) -> None:
        while True:
            for key, _ in self._selector.select():
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                if ready is self._wake:
                    return
                if ready is self._listener:
                    self._accept()
                elif ready in self._peers:
                    self._pass(ready)

    def _accept(self) -> None:
        caller, _ = self._listener.accept()
        callee = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            callee.connect(str(self._behind))
        except OSError:
            caller.close()
            return
        for one, other in ((caller, callee), (callee, caller)):
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass(self, one: socket.socket) -> None:
        other = self._peers[one]
        try:
            data = one.recv(1 << 16)
            if data:
                self.heard += data
                other.sendall(data)
                return
        except OSError:
            pass
        for each in (one, other):
            self._selector.unregister(each)
            del self._peers[each]
            each.close()
