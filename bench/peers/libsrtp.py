"""Gives a program that is linked with Debian's libsrtp (over NSS) the one of pylibsrtp's wheel (over OpenSSL)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pylibsrtp._binding

__all__ = ["over_openssl"]

SOURCE = Path(__file__).with_name("libsrtp.c")
LIBPYTHON = Path("/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0")


def over_openssl(directory: Path) -> tuple[dict[str, str], str]:
    """Builds the library in `directory`; returns the environment that makes a program take it, and what it is."""
    if not LIBPYTHON.exists():
        return {}, "Debian's libsrtp (NSS)"
    library = directory / "libsrtp2.so.1"
    build = ["cc", "-O2", "-shared", "-fPIC", "-Wl,-soname,libsrtp2.so.1", str(SOURCE), "-o", str(library)]
    subprocess.run(build, check=True)
    wheel = pylibsrtp._binding.__file__
    variables = {"LD_LIBRARY_PATH": str(directory), "CONCLAVE_LIBSRTP": wheel, "CONCLAVE_LIBPYTHON": str(LIBPYTHON)}
    return variables, "pylibsrtp's libsrtp (OpenSSL)"
