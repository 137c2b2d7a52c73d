"""Takes from the running process what it never needs: core dumps, tracing by others, files, programs (L8).

Seccomp (not Landlock) because it can be put on threads that run already, which lets the sockets be opened first.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
from typing import Final

__all__ = ["forbid_core_dumps", "forbid_files", "raise_locked_memory_limit", "raise_open_files_limit"]

_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_SET_MODE_FILTER: Final = 1
_SECCOMP_FILTER_FLAG_TSYNC: Final = 1
_SECCOMP_RET_ALLOW: Final = 0x7FFF0000
_SECCOMP_RET_ERRNO: Final = 0x00050000
_X32_SYSCALL_BIT: Final = 0x40000000

# By machine: AUDIT_ARCH, the seccomp system call, and the calls that open a file or start a program: open, creat,
# openat, openat2, open_by_handle_at, execve, execveat, and io_uring_setup, which could do the same unseen.
_MACHINES: Final = {
    "x86_64": (0xC000003E, 317, (2, 85, 257, 437, 304, 59, 322, 425)),
    "aarch64": (0xC00000B7, 277, (56, 437, 265, 221, 281, 425)),
}

_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_IF_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_IF_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def forbid_core_dumps() -> None:
    """No core file, and no other process of the same user may read this one's memory. Raises OSError."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _check(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))


def raise_locked_memory_limit() -> None:
    """Allows as much locked memory as this user may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))


def raise_open_files_limit() -> None:
    """Allows as many open descriptors as this user may have: each TCP connection takes one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def forbid_files() -> bool:
    """From now on every thread that opens a file or starts a program gets EACCES; false where this cannot be had."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    architecture, seccomp, forbidden = machine
    code = _filter(architecture, forbidden)
    program = _Program(len(code) // 8, code)
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    # A positive result names a thread that could not follow.
    return bool(
        _libc.syscall(seccomp, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(program)) == 0
    )


def _filter(architecture: int, forbidden: tuple[int, ...]) -> bytes:
    """The filter's instructions, 8 bytes each: code, jump if true, jump if false, constant (see bpf(2), seccomp(2))."""
    refuse = _SECCOMP_RET_ERRNO | errno.EACCES
    count = len(forbidden)
    program = [
        (_LOAD, 0, 0, 4),  # seccomp_data.arch
        (_IF_EQUAL, 0, count + 3, architecture),
        (_LOAD, 0, 0, 0),  # seccomp_data.nr
        (_IF_AT_LEAST, count + 1, 0, _X32_SYSCALL_BIT),  # other numbers for the same calls
        *((_IF_EQUAL, count - index, 0, number) for index, number in enumerate(forbidden)),
        (_RETURN, 0, 0, _SECCOMP_RET_ALLOW),
        (_RETURN, 0, 0, refuse),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
