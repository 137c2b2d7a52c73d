"""Fragments of session descriptions, in which ICE is trickled and restarted over HTTP (RFC 8840 section 9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclave.services.sdp.answer import LocalTransport, candidate_lines
from conclave.services.sdp.errors import SdpInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Fragment", "parse_fragment", "write_fragment"]

MAX_SIZE = 16 * 1024
MAX_LINE = 1024
MAX_CANDIDATES = 64

_UFRAG = re.compile(r"[0-9A-Za-z+/]{4,256}")
_PASSWORD = re.compile(r"[0-9A-Za-z+/]{22,256}")
# RFC 8839 section 5.1: foundation, component, transport, priority, address, port, type; then extensions.
_CANDIDATE = re.compile(
    r"candidate:[0-9A-Za-z+/]{1,32} [0-9]{1,3} [!-~]+ [0-9]{1,10} [!-~]+ [0-9]{1,5} typ [!-~]+(?: [!-~]+)*"
)


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a fragment says. The user name and the password come together; empty where it has none."""

    ice_ufrag: str
    ice_pwd: str
    # How many it tells. A lite agent sends no checks, and so has no use for them (RFC 8445 section 2.5).
    candidates: int


def _lines(text: str) -> Iterator[str]:
    for raw in text.split("\n"):
        line = raw.removesuffix("\r")
        if not line:
            continue
        if len(line) > MAX_LINE or line[:2] not in ("a=", "m=") or any(ord(character) < 32 for character in line):
            raise SdpInvalid("the fragment has a line that is neither an a= nor an m= line; see RFC 8840 section 9")
        yield line


def _one(values: set[str], name: str, form: re.Pattern[str]) -> str:
    if len(values) > 1:
        raise SdpInvalid(f"the fragment has more than one {name}; bundle everything into one transport")
    value = next(iter(values), "")
    if value and form.fullmatch(value) is None:
        raise SdpInvalid(f"{name} in the fragment is not made of ICE characters of the right number")
    return value


def parse_fragment(text: str) -> Fragment:
    """Reads a fragment. Raises SdpInvalid for what is none; never anything else."""
    if len(text) > MAX_SIZE:
        raise SdpInvalid(f"the fragment is longer than {MAX_SIZE} characters")
    found: dict[str, set[str]] = {"ice-ufrag": set(), "ice-pwd": set()}
    candidates = 0
    some = False
    for line in _lines(text):
        some = True
        name, _, value = line[2:].partition(":")
        if line.startswith("a=") and name in found:
            found[name].add(value)
        elif line.startswith("a=candidate"):
            candidates += 1
            if _CANDIDATE.fullmatch(line[2:]) is None or candidates > MAX_CANDIDATES:
                raise SdpInvalid(f"the fragment has an a=candidate that is none, or more than {MAX_CANDIDATES}")
    if not some:
        raise SdpInvalid("the fragment is empty")
    ufrag = _one(found["ice-ufrag"], "a=ice-ufrag", _UFRAG)
    password = _one(found["ice-pwd"], "a=ice-pwd", _PASSWORD)
    if bool(ufrag) != bool(password):
        raise SdpInvalid("the fragment has one of a=ice-ufrag and a=ice-pwd without the other")
    return Fragment(ufrag, password, candidates)


def write_fragment(local: LocalTransport) -> str:
    """What a restart changes at the appliance's end."""
    lines = ["a=ice-lite", f"a=ice-ufrag:{local.ice_ufrag}", f"a=ice-pwd:{local.ice_pwd}", *candidate_lines(local)]
    return "\r\n".join(lines) + "\r\n"
