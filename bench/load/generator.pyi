"""The native load generator: many WebRTC clients after their handshake, in one thread without the interpreter lock.

It keeps consent, sends made-up media on a schedule, asks for what is missing, repairs what it is asked for, reports,
and counts. Every payload ends with a stamp, by which the receiving side knows the frame and when its packet left;
arrivals are timed by the kernel. So latency is that of what lies between: of a frame, its last packet's departure to
its arrival. Nothing may be added while `run` runs. A context manager that closes its legs' sockets.
"""

import socket
from collections.abc import Iterable
from typing import Self

__all__ = ["Generator"]

class Generator:
    """Legs, what they send (sources) and what they receive (streams), each told by its number.

    seed: of all that is random. poll_us: from one look at the sockets to the next. Nothing waits in a receive call, so
    that what is measured pays for no wake-ups.
    """

    def __init__(self, *, seed: int = 1, poll_us: float = 200.0) -> None: ...
    def add_leg(
        self,
        socket: socket.socket,
        *,
        profile: int,
        send_master: bytes,
        receive_master: bytes,
        username: bytes = b"",
        remote_pwd: bytes = b"",
        local_pwd: bytes = b"",
        transport_cc_id: int = 0,
    ) -> int:
        """A client whose handshake is done. It must not have sent RTP or RTCP before.

        socket: UDP over IPv4, connected; the generator keeps it open. profile: of SRTP, as `SrtpProfile`. The masters
        are key and salt in one. username: of its checks, remote fragment, colon, local fragment; empty for no checks.
        transport_cc_id: of the extension by which it tells arrivals; 0 for none. Raises ValueError, OSError.
        """
    def add_source(
        self,
        leg: int,
        *,
        ssrc: int,
        payload_type: int,
        video: bool,
        interval_ms: float,
        packets: int = 1,
        key_packets: int = 0,
        size: int = 1000,
        size_spread: int = 0,
        larger_packets: int = 0,
        gap_us: float = 0.0,
        start_ms: float = 0.0,
        extension: bytes = b"",
        rtx_ssrc: int = 0,
        rtx_payload_type: int = 0,
        rtx_extension: bytes = b"",
        history: int = 0,
    ) -> int:
        """A stream that the leg sends: VP8, or Opus.

        A frame of `packets` every `interval_ms`, its packets `gap_us` apart; a key frame of `key_packets` when asked
        for. size: payload bytes of a packet; a frame's packets are all smaller by the same 0 to `size_spread` bytes,
        and `larger_packets` of them a byte larger. extension: elements of RFC 8285's one-byte form. history: packets
        kept for RTX, a power of two. Raises ValueError.
        """
    def add_stream(
        self,
        leg: int,
        *,
        ssrc: int,
        payload_type: int,
        video: bool,
        rtx_ssrc: int = 0,
        nack: bool = False,
        ends_only: bool = False,
        group: int = 0,
    ) -> int:
        """A stream that the leg receives. group: whose latencies are counted together, 0 to 15.

        ends_only: decrypts the last packet of each frame only, for more load; which frames are whole is not known then.
        Raises ValueError.
        """
    def pace(self, source: int, interval_ms: float) -> None:
        """Changes the time from frame to frame."""
    def activate(self, source: int, active: bool) -> None:
        """Lets a source send or be silent, from the next `run` on."""
    def lose(self, leg: int, share: float) -> None:
        """Lets so many of the RTP packets that come to a leg be lost, at random."""
    def run(self, seconds: float) -> None:
        """Sends and receives for so long, or until `stop`. The interpreter lock is free meanwhile."""
    def stop(self) -> None:
        """Ends `run`, which another thread is in."""
    def reset(self) -> None:
        """Counts from 0 again, but for `leg`."""
    def close(self) -> None:
        """Closes the sockets; the counters stay."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def source(self, number: int) -> dict[str, int]:
        """Counters of a source, named as in source.pxd."""
    def stream(self, number: int) -> dict[str, int]:
        """Counters of a stream, named as in stream.pxd; lost: packets that never came."""
    def leg(self, number: int) -> dict[str, int]:
        """Counters of a leg, named as in leg.pxd; overrun: datagrams that its socket's full buffer has cost."""
    def quantiles(self, group: int, shares: Iterable[float]) -> list[int]:
        """Latencies of frames in ns that these shares of a group's frames stay at or below; 0 when there is none."""
    def frames_timed(self, group: int) -> int:
        """How many latencies a group has."""
    @property
    def skipped(self) -> int:
        """Frames of all sources that were left out because the generator was more than 20 ms late."""
    @property
    def cpu_ns(self) -> int:
        """CPU time of `run`."""
    @property
    def unsent(self) -> int:
        """Datagrams that the kernel would not take."""
