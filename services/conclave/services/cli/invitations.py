"""An invite as a calendar file and as a QR code."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import segno

from conclave.v1 import rooms_pb2

__all__ = ["calendar_text", "print_qr", "write_secret_file"]

PRODUCT = "-//Conclave//Conclave//EN"
# RFC 5545 section 3.1: a line has at most 75 octets.
LINE_OCTETS = 75


def calendar_text(invite: rooms_pb2.Invite, title: str, starts: datetime.datetime, lasts: datetime.timedelta) -> str:
    """An iCalendar object with one event (RFC 5545), for import or to be attached to a mail."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{invite.name.rpartition('/')[2]}@conclave",
        f"DTSTAMP:{_time(invite.create_time.ToDatetime(datetime.UTC))}",
        f"DTSTART:{_time(starts)}",
        f"DTEND:{_time(starts + lasts)}",
        f"SUMMARY:{_text(title)}",
        f"LOCATION:{_text(invite.url)}",
        f"URL:{invite.url}",
        # The link lets its bearer in: it is not for calendars that others read.
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_fold(line) + "\r\n" for line in lines)


def write_secret_file(path: Path, text: str) -> None:
    """Writes a file that only its owner reads, because it holds a link that lets people in."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)


def print_qr(url: str) -> None:
    """Draws a QR code (ISO/IEC 18004) into the terminal."""
    segno.make(url, micro=False).terminal(compact=True)


def _time(time: datetime.datetime) -> str:
    return time.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    # RFC 5545 section 3.3.11.
    for special in ("\\", ";", ","):
        value = value.replace(special, f"\\{special}")
    return value.replace("\n", "\\n")


def _fold(line: str) -> str:
    """Breaks a line into octets that fit, never inside a character (RFC 5545 section 3.1)."""
    parts: list[str] = []
    part = ""
    for character in line:
        # A line that goes on begins with a space, which counts.
        if len((part + character).encode()) > LINE_OCTETS - bool(parts):
            parts.append(part)
            part = ""
        part += character
    return "\r\n ".join([*parts, part])
