"""What the core is compared with in the same run: the cipher alone, and libsrtp with one sendto a packet."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from pathlib import Path

from bench.sinks import subscriber_address
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from clients.handshake import PROFILES

__all__ = ["LibsrtpSendto", "RawGcm"]

HERE = Path(__file__).resolve().parent
CHUNK = 200_000  # packets of one measurement of the cipher alone


class RawGcm:
    """AES-128-GCM alone; library: which one, the fastest there is."""

    def __init__(self, directory: Path) -> None:
        self._program = str(directory / "raw_gcm")
        source = str(HERE / "raw_gcm.c")
        fast = ["cc", "-O3", "-DCONCLAVE_HAVE_IPSEC_MB", source, "-o", self._program, "-lIPSec_MB"]
        if subprocess.run(fast, capture_output=True, check=False).returncode != 0:
            subprocess.run(["cc", "-O3", source, "-o", self._program, "-lcrypto"], check=True)
        self.library = ""

    def measure(self, size: int) -> float:
        """CPU nanoseconds a packet of `size` bytes."""
        command = [self._program, str(CHUNK), str(size)]
        nanoseconds, self.library = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return float(nanoseconds)


class LibsrtpSendto:
    """libsrtp by the C functions of pylibsrtp's wheel, called from C, for one profile and number of subscribers."""

    def __init__(self, directory: Path, profile: str, subscribers: int) -> None:
        library = directory / "libsrtp_sendto.so"
        if not library.exists():
            source = str(HERE / "libsrtp_sendto.c")
            subprocess.run(["cc", "-O3", "-shared", "-fPIC", source, "-o", str(library)], check=True)
        self._run = ctypes.CDLL(str(library)).libsrtp_sendto
        self._run.restype = ctypes.c_double
        number, key_size, salt_size = PROFILES[profile]
        self._sessions = [
            Session(
                Policy(key=os.urandom(key_size + salt_size), ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=number)
            )
            for _ in range(subscribers)
        ]
        pointers = [int(ffi.cast("uintptr_t", session._srtp[0])) for session in self._sessions]
        names = [subscriber_address(number).encode() for number in range(subscribers)]
        self._pointers = (ctypes.c_void_p * subscribers)(*pointers)
        self._names = (ctypes.c_char_p * subscribers)(*names)
        self._protect = ctypes.c_void_p(int(ffi.cast("uintptr_t", ffi.addressof(lib, "srtp_protect"))))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sequence_number = 1

    def measure(self, burst: int, size: int, bursts: int) -> float:
        """CPU nanoseconds a packet of `size` bytes. Sends to the subscribers' addresses: choose the sink before."""
        nanoseconds: float = self._run(
            self._protect,
            self._pointers,
            self._names,
            len(self._sessions),
            self._socket.fileno(),
            burst,
            size,
            ctypes.c_long(bursts),
            ctypes.c_uint16(self._sequence_number & 0xFFFF),
        )
        self._sequence_number += burst * bursts
        assert nanoseconds > 0, "libsrtp or the socket refused a packet"
        return nanoseconds

    def close(self) -> None:
        """Closes its socket."""
        self._socket.close()
