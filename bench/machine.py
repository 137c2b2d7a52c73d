"""What figures were measured on: without it they say nothing."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path

from cryptography.hazmat.backends.openssl import backend

__all__ = ["load", "machine", "now", "versions"]

ROOT = Path(__file__).resolve().parents[1]
# What makes AES-GCM and SHA-1 fast.
CPU_FLAGS = ("aes", "pclmulqdq", "avx2", "avx512f", "vaes", "vpclmulqdq", "sha_ni")
DEBIAN_PACKAGES = ("libipsec-mb1", "libipsec-mb-dev", "janus", "rtpengine-daemon", "libsrtp2-1")
PYTHON_PACKAGES = ("pylibsrtp", "Cython")


def machine() -> dict[str, object]:
    """CPU, memory and kernel."""
    cpu = Path("/proc/cpuinfo").read_text()
    flags = set(_first(r"flags\s*: (.*)", cpu).split())
    memory_kib = int(_first(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()))
    return {
        "cpu": " model ".join(_first(rf"{name}\s*: (.*)", cpu) for name in ("model name", "model")),
        "cpu_count": os.cpu_count(),
        "cpu_flags": [flag for flag in CPU_FLAGS if flag in flags],
        "virtual": "hypervisor" in flags,
        "memory_gib": round(memory_kib / 2**20, 1),
        "kernel": platform.release().partition("-")[0],
    }


def versions() -> dict[str, str]:
    """Of what is measured and of what it is compared with; only what is installed."""
    found = {"conclave": _said("git", "describe", "--always", "--dirty"), "python": platform.python_version()}
    found["openssl"] = backend.openssl_version_text()
    for package in PYTHON_PACKAGES:
        found[package] = importlib.metadata.version(package)
    for package in DEBIAN_PACKAGES:
        if version := _said("dpkg-query", "-W", "-f", "${Version}", package):
            found[package] = version
    return found


def now() -> str:
    """The date and time, UTC."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def load() -> float:
    """The load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "unknown"


def _said(*command: str) -> str:
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stdout.strip() if run.returncode == 0 else ""
