"""Subscribers' sockets that are only emptied: with UDP_GRO, so that a group stays one datagram until it is read."""

from __future__ import annotations

import os
import select
import socket

__all__ = ["Drain"]

UDP_GRO = 104
RECEIVE_BUFFER = 4 << 20
SOL_SOCKET_RCVBUFFORCE = 33


class Drain:
    """A process that empties sockets and counts the bytes."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self._sockets = sockets
        for one in sockets:
            one.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
            try:
                one.setsockopt(socket.SOL_SOCKET, SOL_SOCKET_RCVBUFFORCE, RECEIVE_BUFFER)
            except PermissionError:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        stop_read, self._stop = os.pipe()
        self._result, result_write = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(self._stop)
            count = self._run(sockets, stop_read)
            os.write(result_write, str(count).encode())
            os._exit(0)
        os.close(stop_read)
        os.close(result_write)

    @staticmethod
    def _run(sockets: list[socket.socket], stop: int) -> int:
        poll = select.epoll()
        by_descriptor = {one.fileno(): one for one in sockets}
        for descriptor in by_descriptor:
            poll.register(descriptor, select.EPOLLIN)
        poll.register(stop, select.EPOLLHUP | select.EPOLLIN)
        buffer = bytearray(1)  # MSG_TRUNC tells the size and copies nothing
        total = 0
        stopping = False
        while True:
            ready = poll.poll(0.2 if stopping else None)
            if stopping and not any(descriptor != stop for descriptor, _ in ready):
                return total
            for descriptor, _ in ready:
                if descriptor == stop:
                    stopping = True
                    continue
                try:
                    while True:
                        size = by_descriptor[descriptor].recv_into(buffer, 1, socket.MSG_TRUNC)
                        total += size if size > 500 else 0  # reports are smaller than media
                except BlockingIOError:
                    continue

    def finish(self) -> int:
        """Bytes of media that arrived."""
        os.close(self._stop)
        count = int(os.read(self._result, 64))
        os.close(self._result)
        os.waitpid(self._child, 0)
        for one in self._sockets:
            one.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 0)
        return count
