"""The lines of a session description (RFC 8866 section 5), before any meaning is read into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclave.services.sdp.errors import SdpInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Attribute", "Description", "Media", "parse_description"]

# Chromium's offer with 4 senders and 12 slots has 60 kB, with 28 slots 133 kB.
MAX_SIZE = 256 * 1024
MAX_LINE = 4096
MAX_MEDIA = 64


@dataclass(frozen=True, slots=True)
class Attribute:
    """One `a=` line: `a=name` or `a=name:value`."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Media:
    """One `m=` line and the attributes up to the next."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    attributes: tuple[Attribute, ...]

    def values(self, name: str) -> list[str]:
        """Every value of an attribute, in the order of the lines."""
        return [attribute.value for attribute in self.attributes if attribute.name == name]

    def has(self, name: str) -> bool:
        """Whether the attribute is there, with a value or without."""
        return any(attribute.name == name for attribute in self.attributes)


@dataclass(frozen=True, slots=True)
class Description:
    """A whole session description."""

    attributes: tuple[Attribute, ...]
    media: tuple[Media, ...]

    def values(self, name: str) -> list[str]:
        """Every value of a session-level attribute, in the order of the lines."""
        return [attribute.value for attribute in self.attributes if attribute.name == name]


def _attribute(line: str) -> Attribute:
    name, _, value = line.partition(":")
    if not name or not name.isascii() or any(character.isspace() for character in name):
        raise SdpInvalid("an a= line has no attribute name")
    return Attribute(name, value)


def _number(text: str, highest: int, what: str) -> int:
    # str.isdigit() alone also takes digits of other scripts, which int() would then read or refuse.
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or int(text) > highest:
        raise SdpInvalid(f"{what} is not a number from 0 to {highest}")
    return int(text)


def _media_line(value: str) -> tuple[str, int, str, tuple[str, ...]]:
    parts = value.split(" ")
    if len(parts) < 4 or not all(parts):
        raise SdpInvalid("an m= line lacks media, port, protocol or formats")
    return parts[0], _number(parts[1], 65535, "the port of an m= line"), parts[2], tuple(parts[3:])


def _lines(text: str) -> Iterator[str]:
    """The lines after the first, without their ends."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines or lines[0].rstrip("\r") != "v=0":
        raise SdpInvalid("the description does not start with v=0")
    for raw in lines[1:]:
        line = raw.removesuffix("\r")
        if len(line) > MAX_LINE:
            raise SdpInvalid(f"a line is longer than {MAX_LINE} characters")
        if len(line) < 2 or line[1] != "=" or not ("a" <= line[0] <= "z"):
            raise SdpInvalid("a line is not of the form x=value")
        if any(ord(character) < 32 for character in line):
            raise SdpInvalid("a line contains a control character")
        yield line


def parse_description(text: str) -> Description:
    """Splits a description into lines and m-sections.

    Takes LF and CRLF line ends. Raises SdpInvalid for anything that is not a session description; never anything else.
    """
    if len(text) > MAX_SIZE:
        raise SdpInvalid(f"the description is longer than {MAX_SIZE} characters; offer fewer m-lines")
    session: list[Attribute] = []
    media: list[Media] = []
    current = session
    head: tuple[str, int, str, tuple[str, ...]] | None = None
    for line in _lines(text):
        if line[0] == "m":
            if head is not None:
                media.append(Media(*head, tuple(current)))
            if len(media) == MAX_MEDIA:
                raise SdpInvalid(f"there are more than {MAX_MEDIA} m-lines")
            head, current = _media_line(line[2:]), []
        elif line[0] == "a":
            current.append(_attribute(line[2:]))
    if head is not None:
        media.append(Media(*head, tuple(current)))
    return Description(tuple(session), tuple(media))
